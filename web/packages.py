"""A procedure's folder as it is uploaded: one ZIP file, or a form with its files. Limits hold before anything is unpacked."""

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from flask import Request

from engine import errors
from engine.models.deployment import LIMIT_FILE_BYTES, LIMIT_FILES, SUFFIXES

ZIP_TYPES = ("application/zip", "application/x-zip-compressed")
FORM_TYPE = "multipart/form-data"
LIMIT_BYTES = 32 * 1024 * 1024
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
)


def files_of(asked: Request) -> dict[str, bytes]:
    """The files that came, by their path in the folder; kinds that no deployment has are left out.

    Raises:
        MediaTypeUnsupported, PackageRefused.
    """
    if asked.mimetype in ZIP_TYPES:
        found = dict(_unpacked(asked.get_data(cache=True)))
    elif asked.mimetype == FORM_TYPE:
        found = dict(_of_form(asked))
    else:
        wanted = f"{ZIP_TYPES[0]} or {FORM_TYPE}"
        raise errors.MediaTypeUnsupported(wanted=wanted, found=asked.mimetype or "nothing")
    if not found:
        raise errors.PackageRefused(reason=f"it has no file that ends with one of {', '.join(SUFFIXES)}")
    return _without_folder(found)


def _of_form(asked: Request) -> Iterator[tuple[str, bytes]]:
    """Files of a form; an only one that is a ZIP file is unpacked."""
    uploads = [one for _, one in asked.files.items(multi=True) if one.filename]
    if len(uploads) == 1 and str(uploads[0].filename).lower().endswith(".zip"):
        yield from _unpacked(uploads[0].read())
        return
    _check_count(len(uploads))
    for upload in uploads:
        name = _clean(str(upload.filename))
        if name is not None:
            yield name, _limited(name, upload.read(LIMIT_FILE_BYTES + 1))


def _unpacked(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The files of a ZIP file; what its directory says of sizes is not believed."""
    left = LIMIT_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            entries = [one for one in package.infolist() if not one.is_dir()]
            _check_count(len(entries))
            for entry in entries:
                name = _clean(entry.filename)
                if name is None:
                    continue
                with package.open(entry) as file:
                    data = _limited(name, file.read(min(left, LIMIT_FILE_BYTES) + 1))
                left -= len(data)
                if left < 0:
                    raise errors.PackageRefused(reason=f"unpacked it has more than {LIMIT_BYTES} bytes")
                yield name, data
    except _BROKEN as exc:
        raise errors.PackageRefused(reason=f"it is no ZIP file that can be read: {exc}") from exc


def _clean(name: str) -> str | None:
    """*name* as a path in the folder; None for hidden files and kinds that no deployment has. Raises: PackageRefused."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name or ":" in name or len(name) > 200:
        raise errors.PackageRefused(reason=f"{name[:200]!r} is no path inside a folder")
    hidden = any(part.startswith((".", "__")) for part in path.parts)
    return None if hidden or path.suffix not in SUFFIXES else path.as_posix()


def _limited(name: str, data: bytes) -> bytes:
    if len(data) > LIMIT_FILE_BYTES:
        raise errors.PackageRefused(reason=f"{name} has more than {LIMIT_FILE_BYTES} bytes")
    return data


def _check_count(count: int) -> None:
    if count > LIMIT_FILES:
        raise errors.PackageRefused(reason=f"it has {count} files, at most {LIMIT_FILES} are taken")


def _without_folder(found: dict[str, bytes]) -> dict[str, bytes]:
    """The files as seen from the one folder that holds them all, where people packed the folder itself."""
    firsts = {name.partition("/")[0] for name in found}
    if len(firsts) == 1 and all("/" in name for name in found) and not firsts & {"scenarios"}:
        return {name.partition("/")[2]: data for name, data in found.items()}
    return found
