"""What a file is, by its first bytes: a name proves nothing."""

from enum import StrEnum


class FileKind(StrEnum):
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"
    TEXT = "text"  # csv, tab-separated, or HTML that calls itself xls
    PDF = "pdf"
    IMAGE = "image"
    ARCHIVE = "archive"
    EMPTY = "empty"
    UNKNOWN = "unknown"


SHEET_BYTES_MAX = 10 << 20  # a data sheet with its pictures
LISTS = (FileKind.XLSX, FileKind.XLS, FileKind.ODS, FileKind.TEXT)
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*")
_CARDS = (b"BEGIN:", b"-----BEGIN", b"%!PS", b"{\\rtf")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")

WORDS: dict[FileKind, str] = {
    FileKind.PDF: "a PDF",
    FileKind.IMAGE: "a picture",
    FileKind.ARCHIVE: "an archive or a document that is no spreadsheet",
    FileKind.EMPTY: "empty",
    FileKind.UNKNOWN: "of a kind we do not know",
}


def kind_of(content: bytes) -> FileKind:
    """Decide by content only."""
    head = content[:64]
    if not content.strip():
        return FileKind.EMPTY
    if head.startswith(b"PK\x03\x04"):
        return _office(content)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return FileKind.XLS
    if head.startswith(b"%PDF"):
        return FileKind.PDF
    if head.startswith(_IMAGES) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP"):
        return FileKind.IMAGE
    if head.startswith((b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh")):
        return FileKind.ARCHIVE
    if head.startswith(_UTF16):
        return FileKind.TEXT
    sample = content[:65536]
    control = sum(byte < 9 or 13 < byte < 32 for byte in sample)
    if control or head.lstrip().startswith(_CARDS):
        return FileKind.UNKNOWN
    return FileKind.TEXT


def _office(content: bytes) -> FileKind:
    # The names of the members stand uncompressed in the directory at the end of the archive.
    if b"xl/workbook." in content:
        return FileKind.XLSX
    if b"application/vnd.oasis.opendocument.spreadsheet" in content[:256]:
        return FileKind.ODS
    return FileKind.ARCHIVE


def safe_name(name: str | None, *, default: str) -> str:
    """A file name as we keep and show it: without path, without control characters, at most 200 characters."""
    last = (name or "").replace("\\", "/").rpartition("/")[2]
    kept = "".join(character for character in last if character.isprintable()).strip(" .")
    return kept[-200:] if kept else default
