"""The external extractor of data sheets: a service somebody else runs, so everything it says and does is doubted.

The file goes out as ``multipart/form-data`` (field ``file``); back comes JSON like ``ExternalSheet``. No redirect is
followed, no proxy of the environment used, and time, size and number of values are limited.
"""

import asyncio
import time
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import httpx
from pydantic import BaseModel, Field, StringConstraints, ValidationError

from services.ingestion.datasheets import SheetReading, SheetValue
from services.ingestion.datasheets.drafts import crosschecked
from services.ingestion.datasheets.vocabulary import factor, properties, unit_of
from services.ingestion.parsing.grades import all_codes
from services.ingestion.settings import IngestionSettings
from shared.contracts.types import Certification

CONFIDENCE_MOST = 0.95  # a machine that guesses is never surer than what we read ourselves
CONFIDENCE_UNSAID = 0.8
VALUES_MAX = 800
Number = Annotated[Decimal, Field(max_digits=12, decimal_places=6)]
Short = Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00-\x1f]*$")]
Long = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00]*$")]


class ExternalValue(BaseModel):
    """``property`` is one of our names; ``gsm`` absent: of every grammage."""

    property: Short
    value: Number
    unit: Short = ""
    gsm: Annotated[Number, Field(gt=0)] | None = None
    standard: Short | None = None
    direction: Literal["MD", "CD", "top", "reverse"] | None = None
    tolerance: Short | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    page: Annotated[int, Field(ge=1, le=1000)] = 1
    snippet: Long = ""
    confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = CONFIDENCE_UNSAID


class ExternalSheet(BaseModel):
    """The answer of the extractor."""

    values: Annotated[list[ExternalValue], Field(max_length=VALUES_MAX)]
    pages: Annotated[int, Field(ge=1, le=1000)] = 1
    product: Long | None = None
    grade_code: Short | None = None
    revision_date: date | None = None
    language: Annotated[str, StringConstraints(max_length=10)] | None = None
    certifications: Annotated[list[Certification], Field(max_length=10)] = []


class ExtractorFailed(Exception):
    """No answer that can be used; asked again it may give one."""


class Extractor:
    """Asks the configured service."""

    def __init__(self, settings: IngestionSettings, *, url: str) -> None:
        self._url = url
        self._seconds = settings.extractor_seconds
        self._bytes_max = settings.extractor_answer_bytes_max
        self._failures_max = settings.extractor_failures_max
        self._rest_seconds = settings.extractor_rest_seconds
        self._failures = 0  # in a row
        self._rests_until = 0.0
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(settings.extractor_seconds, connect=settings.extractor_connect_seconds),
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=2, max_keepalive_connections=0),
        )

    async def read(self, content: bytes, *, file_name: str) -> SheetReading:
        """Ask once; raises ``ExtractorFailed`` in the time allowed, whatever happens.

        After some failures in a row it is left alone for a while: the next sheets fail at once instead of queueing
        behind a service that hangs.
        """
        if time.monotonic() < self._rests_until:
            raise ExtractorFailed(f"it failed {self._failures} times in a row and is left alone for a moment")
        try:
            reading = await self._read(content, file_name)
        except ExtractorFailed:
            self._failures += 1
            if self._failures >= self._failures_max:
                self._rests_until = time.monotonic() + self._rest_seconds
            raise
        self._failures = 0
        return reading

    async def _read(self, content: bytes, file_name: str) -> SheetReading:
        try:
            async with asyncio.timeout(self._seconds):  # of all, however slowly it drips
                answer = await self._ask(content, file_name)
        except TimeoutError as late:
            raise ExtractorFailed(f"it gave no answer within {self._seconds:.0f} s") from late
        except (httpx.HTTPError, httpx.InvalidURL) as failed:
            raise ExtractorFailed(f"it cannot be reached ({type(failed).__name__})") from failed
        try:
            return reading_of(ExternalSheet.model_validate_json(answer))
        except ValidationError as wrong:
            first = wrong.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the answer"
            raise ExtractorFailed(f"its answer is not what was agreed ({where}: {first['msg'][:100]})") from wrong

    async def _ask(self, content: bytes, file_name: str) -> bytes:
        files = {"file": (file_name, content, "application/pdf")}
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        async with self._client.stream("POST", self._url, files=files, headers=headers) as response:
            if response.status_code != 200:
                raise ExtractorFailed(f"it answered with status {response.status_code}")
            kind = response.headers.get("content-type", "").partition(";")[0].strip().casefold()
            if kind != "application/json":
                raise ExtractorFailed(f"it answered with {kind[:60] or 'nothing'} instead of JSON")
            if response.headers.get("content-encoding", "identity") != "identity":
                raise ExtractorFailed("its answer is compressed")  # a small answer could become a large one
            answer = bytearray()
            async for part in response.aiter_raw():
                answer += part
                if len(answer) > self._bytes_max:
                    raise ExtractorFailed(f"its answer is longer than {self._bytes_max} bytes")
            return bytes(answer)

    async def close(self) -> None:
        await self._client.aclose()


def reading_of(sheet: ExternalSheet) -> SheetReading:
    """What the extractor says, in our units; what we do not know is left out and said."""
    values: list[SheetValue] = []
    unknown: list[str] = []
    for one in sheet.values:
        value = _value(one)
        if value is None:
            unknown.append(one.property)
        else:
            values.append(value)
    doubts = [f"The extractor names what we do not know: {', '.join(sorted(set(unknown))[:5])}."] if unknown else []
    if not values:
        doubts.append("The extractor found no values; a person has to read it.")
    return SheetReading(
        status="values" if values else "no_values",
        pages=sheet.pages,
        values=tuple(crosschecked(values)),
        language=sheet.language,
        product=sheet.product,
        grade_code=sheet.grade_code if sheet.grade_code in all_codes() else None,
        revision_date=sheet.revision_date,
        certifications=tuple(sheet.certifications),
        doubts=tuple(doubts),
    )


def _value(one: ExternalValue) -> SheetValue | None:
    found = properties().get(one.property)
    by = None if found is None else factor(unit=unit_of(one.unit) or one.unit, canonical=found.unit)
    if found is None or by is None or found.tolerance_only:
        return None
    doubts: list[str] = []
    sure = min(one.confidence, CONFIDENCE_MOST)
    value = one.value * by
    if not found.low <= value <= found.high:
        doubts.append(f"{value} {found.unit} is unusual for {found.name}")
        sure *= 0.3
    if found.kind == "machine" and one.direction is None:
        doubts.append("the direction (MD or CD) is not stated")
        sure *= 0.8
    return SheetValue(
        gsm=one.gsm,
        property=found.name,
        value=value.normalize() if by != 1 else value,
        unit=found.unit,
        page=one.page,
        snippet=one.snippet,
        confidence=round(sure, 2),
        standard=one.standard,
        direction=one.direction if one.direction in found.directions else None,
        tolerance=one.tolerance,
        minimum=None if one.minimum is None else one.minimum * by,
        maximum=None if one.maximum is None else one.maximum * by,
        doubts=tuple(doubts),
    )
