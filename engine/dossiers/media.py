"""What a file really is, told by its bytes: the kinds of papers that dossiers may hold.

Only kinds that can be recognised are accepted; a name or a declared type proves nothing. XML passes the one door.
"""

from collections.abc import Callable

from engine import errors, xml

PDF, PNG, JPEG, XML = "application/pdf", "image/png", "image/jpeg", "application/xml"


def _is_pdf(content: bytes) -> bool:
    return b"%PDF-" in content[:1024]


def _is_xml(content: bytes) -> bool:
    try:
        xml.parse(content)
    except errors.XmlRefused:
        return False
    return True


_KINDS: dict[str, Callable[[bytes], bool]] = {
    PDF: _is_pdf,
    PNG: lambda content: content.startswith(b"\x89PNG\r\n\x1a\n"),
    JPEG: lambda content: content.startswith(b"\xff\xd8\xff"),
    XML: _is_xml,
}
_SAME = {"text/xml": XML, "image/jpg": JPEG, "application/x-pdf": PDF}


def canonical(media_type: str) -> str:
    """A declared media type without parameters, in its usual spelling."""
    plain = media_type.split(";", 1)[0].strip().lower()
    return _SAME.get(plain, plain)


def sniff(content: bytes) -> str | None:
    """The media type that *content* has, or None when it is none that we know."""
    return next((kind for kind, is_it in _KINDS.items() if is_it(content)), None)
