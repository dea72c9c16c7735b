"""Bytes become a document: what a file is decides how it is read."""

from services.ingestion.parsing.delimited import decode_text
from services.ingestion.parsing.model import MillContext, UnreadableFile
from services.ingestion.parsing.sheets import MAX_BYTES, Document, refuse_other_kinds
from services.ingestion.parsing.workbooks import decode_xls, decode_zip

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def decode(content: bytes, *, mill: MillContext) -> Document:
    """By what the bytes are, never by what the name says."""
    if not content.strip():
        raise UnreadableFile("empty", "The file is empty. Please send the list.")
    if len(content) > MAX_BYTES:
        raise UnreadableFile("too_large", f"The file is larger than {MAX_BYTES // 1024 // 1024} MB. Please split it.")
    refuse_other_kinds(content)
    if content.startswith(_ZIP):
        return decode_zip(content)
    if content.startswith(_OLE):
        return decode_xls(content)
    return decode_text(content, language=mill.language)
