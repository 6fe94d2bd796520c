"""What is vendored is unmodified, licensed and complete."""

import hashlib
import json
from pathlib import Path

import web.app

VENDOR = Path(web.app.__file__).parent / "static" / "vendor"


def test_every_vendored_file_is_the_published_one() -> None:
    manifest = json.loads((VENDOR / "manifest.json").read_text())
    listed = {name: digest for package in manifest["packages"] for name, digest in package["files"].items()}
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert found == listed


def test_every_vendored_package_has_its_licence_and_its_origin() -> None:
    for package in json.loads((VENDOR / "manifest.json").read_text())["packages"]:
        assert (VENDOR / package["licence"]).is_file()
        assert package["integrity"].startswith("sha512-")
