"""Personal data keeps its shape and loses its content."""

import pytest

from web.masking import HIDDEN, fields, masked_json, masked_text


def test_a_json_body_shows_names_and_hides_values() -> None:
    shown = masked_text(b'{"HoTen": "Lan", "con": [{"tuoi": 3}], "co": true, "khong": null}')
    assert "Lan" not in shown
    assert "3" not in shown
    assert all(name in shown for name in ("HoTen", "con", "tuoi", "true", "null", HIDDEN))


def test_an_xml_body_hides_texts_attributes_and_comments() -> None:
    shown = masked_text('<a x="Lan"><!-- Mai --><b>Cúc</b>Đào</a>'.encode())
    assert not any(name in shown for name in ("Lan", "Mai", "Cúc", "Đào"))
    assert "<b>" in shown


@pytest.mark.parametrize("body", [b"Lan, 3 tuoi", b"<a>", b"<!DOCTYPE a><a/>", b"\xff\xfe", b"x" * 300_000])
def test_what_cannot_be_read_shows_its_size_only(body: bytes) -> None:
    assert masked_text(body) == f"{len(body)} bytes"


def test_every_leaf_is_a_field_of_its_own() -> None:
    assert fields({"a": {"b": [1, None]}, "c": "x"}) == [("a.b.0", "1"), ("a.b.1", ""), ("c", "x")]
    assert masked_json(None) == ""
