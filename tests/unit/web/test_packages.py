"""Packages that were damaged on their way, or made to hurt: refused, whatever the unpacking says."""

import io
import random
import zipfile

import pytest
from flask import Flask, Request, request

from engine.errors import PackageRefused
from web import packages

METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


def packed(method: int, content: bytes, name: str = "walk.bpmn") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as package:
        package.writestr(name, content)
    return file.getvalue()


def read(body: bytes) -> dict[str, bytes]:
    with Flask("test").test_request_context(method="POST", data=body, content_type="application/zip"):
        asked: Request = request
        return packages.files_of(asked)


@pytest.mark.parametrize("method", METHODS)
def test_a_damaged_package_is_refused_or_read_as_it_was(method: int) -> None:
    content = b"".join(b"<%d/>" % number for number in range(3_000))
    whole = packed(method, content)
    assert read(whole) == {"walk.bpmn": content}
    refused = 0
    for seed in range(100):
        chance, broken = random.Random(seed), bytearray(whole)
        for _ in range(3):
            broken[chance.randrange(len(broken))] ^= chance.randrange(1, 256)
        try:
            assert set(read(bytes(broken)).values()) == {content}
        except PackageRefused:
            refused += 1
    assert refused > 50


@pytest.mark.parametrize("method", METHODS[1:])
def test_a_package_that_swells_is_refused(method: int) -> None:
    body = packed(method, b"\0" * (packages.LIMIT_BYTES + 1))
    assert len(body) < 100_000
    with pytest.raises(PackageRefused, match="more than"):
        read(body)


@pytest.mark.parametrize(
    "name", ["../walk.bpmn", "/walk.bpmn", "a/../../walk.bpmn", "..\\walk.bpmn", "C:walk.bpmn"]
)
def test_a_path_out_of_the_folder_is_refused(name: str) -> None:
    with pytest.raises(PackageRefused, match="no path inside"):
        read(packed(zipfile.ZIP_STORED, b"x", name))
