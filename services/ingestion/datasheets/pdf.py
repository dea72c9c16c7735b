"""From the bytes of a PDF to the words on its pages. Runs in the sandbox only: its libraries are large and old."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol, cast

from services.ingestion.datasheets.model import PageText, SheetReading, UnreadableSheet, Word
from services.ingestion.datasheets.reading import read_sheet

PAGES_MAX = 20  # data sheets have one to four; a catalogue of products is no data sheet
WORDS_MAX = 40_000
WORD_CHARS_MAX = 200
PASSWORD = "The PDF is protected by a password. Send it without one."  # noqa: S105 - a sentence, not a secret
DAMAGED = "The PDF is damaged or of an unusual kind. Save it again as PDF and send it once more."
NOT_A_PDF = "The file is not a PDF. Send the data sheet as PDF."
TOO_MANY_PAGES = f"The PDF has more than {PAGES_MAX} pages. Send the pages of the data sheet only."
TOO_MUCH_TEXT = f"The PDF has more than {WORDS_MAX} words. Send the pages of the data sheet only."


class _Page(Protocol):
    def extract_words(self, *, x_tolerance: float, extra_attrs: list[str]) -> list[dict[str, object]]: ...
    def close(self) -> None: ...


class _Pdf(Protocol):
    @property
    def pages(self) -> Sequence[_Page]: ...


def read_pdf(content: bytes, *, today: date) -> SheetReading:
    """Read a data sheet; raises ``UnreadableSheet`` with what to do about it."""
    if not content.startswith(b"%PDF"):
        raise UnreadableSheet("not_a_pdf", NOT_A_PDF)
    return read_sheet(pages_of(content), today=today)


def pages_of(content: bytes) -> list[PageText]:
    """The words of every page."""
    import io

    import pdfplumber
    from pdfminer.pdfdocument import PDFEncryptionError
    from pdfminer.psexceptions import PSException
    from pdfplumber.utils.exceptions import MalformedPDFException, PdfminerException

    damaged = (PSException, PdfminerException, MalformedPDFException)
    try:
        with pdfplumber.open(io.BytesIO(content)) as opened:
            return _words(cast(_Pdf, opened))
    except damaged as error:
        causes = (error, error.__context__, *error.args)
        if any(isinstance(one, MemoryError) for one in causes):
            raise MemoryError from error  # pdfplumber takes it for a fault of the file
        locked = any(isinstance(one, PDFEncryptionError) for one in causes)
        raise UnreadableSheet("password" if locked else "damaged", PASSWORD if locked else DAMAGED) from error


def _words(opened: _Pdf) -> list[PageText]:
    pages = opened.pages
    if len(pages) > PAGES_MAX:
        raise UnreadableSheet("too_many_pages", TOO_MANY_PAGES)
    if not pages:
        raise UnreadableSheet("damaged", DAMAGED)
    read: list[PageText] = []
    total = 0
    for number, page in enumerate(pages, start=1):
        words = [_word(one) for one in page.extract_words(x_tolerance=1.5, extra_attrs=["size"])]
        page.close()
        total += len(words)
        if total > WORDS_MAX:
            raise UnreadableSheet("too_much_text", TOO_MUCH_TEXT)
        read.append(PageText(number, tuple(words)))
    return read


def _word(one: Mapping[str, object]) -> Word:
    x0, x1, top, bottom, size = (cast(float, one[name]) for name in ("x0", "x1", "top", "bottom", "size"))
    return Word(str(one["text"])[:WORD_CHARS_MAX], x0, x1, top, bottom, size or bottom - top)
