"""The XML door lets well-formed, bounded documents in and nothing else."""

import pytest

from engine import xml
from engine.errors import XmlRefused


def refused(data: bytes, **limits: int) -> XmlRefused:
    with pytest.raises(XmlRefused) as caught:
        xml.parse(data, **limits)
    return caught.value


def test_a_plain_document_comes_back_as_its_root_element() -> None:
    root = xml.parse("<a><b>phường Bến Nghé</b></a>".encode())
    assert (root.tag, root[0].text) == ("a", "phường Bến Nghé")


def test_elements_know_their_lines() -> None:
    assert xml.line_of(xml.parse(b"<a>\n\n<b/></a>")[0]) == 3


def test_comments_and_processing_instructions_are_gone_and_do_not_cut_a_text() -> None:
    root = xml.parse(b"<?x y?><a>ad<!-- -->min<?z?></a>")
    assert (root.text, len(root)) == ("admin", 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1252"])
def test_declared_encodings_are_read(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><a>é</a>'
    assert xml.parse(text.encode(encoding)).text == "é"


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE a><a/>",
        b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x --><!DOCTYPE a SYSTEM 'http://127.0.0.1/a.dtd'><a/>",
        "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE a><a/>".encode("utf-16"),
        "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE a [<!ENTITY b 'c'>]><a d='&b;'/>".encode("utf-16"),
        b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    ],
    ids=["bare", "after a prolog", "utf-16", "utf-16 with an entity", "external entity"],
)
def test_any_doctype_is_refused(data: bytes) -> None:
    assert "DOCTYPE" in str(refused(data))


def test_the_word_doctype_inside_the_content_is_no_doctype() -> None:
    assert xml.parse(b"<a><!-- <!DOCTYPE b> --><![CDATA[<!DOCTYPE c>]]></a>").text == "<!DOCTYPE c>"


def test_a_hostile_prolog_costs_no_more_than_its_length() -> None:
    refused(b"<??>" * 200_000 + b"<!--")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n",
        b"text",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a>&b;</a>",
        b"<a>\x00</a>",
        "<a/>".encode("utf-16-le"),
    ],
)
def test_what_is_not_well_formed_is_refused(data: bytes) -> None:
    assert refused(data).code == "xml-refused"


def test_the_refusal_names_the_line() -> None:
    assert refused(b"<a>\n<b>\n</a>").facts["line"] == 3


def test_size_is_limited() -> None:
    assert "limit of 10" in str(refused(b"<a>0123456789</a>", limit_bytes=10))


@pytest.mark.parametrize(("depth", "allowed"), [(5, True), (6, False), (300, False)])
def test_depth_is_limited(depth: int, allowed: bool) -> None:
    data = b"<a>" * depth + b"</a>" * depth
    if allowed:
        assert xml.parse(data, max_depth=5).tag == "a"
    else:
        refused(data, max_depth=5)


@pytest.mark.parametrize("children", [10, 30])
def test_the_number_of_elements_is_limited(children: int) -> None:
    assert xml.parse(b"<a>" + b"<b/>" * children + b"</a>", max_elements=children + 1).tag == "a"
    assert "more elements" in str(refused(b"<a>" + b"<b/>" * children + b"</a>", max_elements=children))


def test_millions_of_elements_are_refused_before_a_tree_is_built() -> None:
    assert refused(b"<a>" + b"<b/>" * 2_000_000 + b"</a>").facts["line"] == 0


def test_serialize_gives_back_what_parse_reads_without_the_tail() -> None:
    root = xml.parse("<a><b>ế</b>tail</a>".encode())
    assert xml.serialize(root[0], declaration=False) == "<b>ế</b>".encode()
    assert xml.parse(xml.serialize(root)).findtext("b") == "ế"
