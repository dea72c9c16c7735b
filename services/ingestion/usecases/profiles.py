"""Mappings of a mill's lists: learned from what people say about a list, and edited by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from services.ingestion.domain.profiles import EVERY_LIST, merged, words_only
from services.ingestion.errors import ProfileExists, ProfileNotFound, UnknownMeaning
from services.ingestion.parsing import grades
from services.ingestion.parsing.answers import fingerprint_of
from services.ingestion.parsing.columns import DIMENSION
from services.ingestion.parsing.text import normal, table
from services.ingestion.parsing.units import FACTORS
from services.ingestion.store import mills, profiles
from services.ingestion.store.batches import Batch
from services.ingestion.store.profiles import NewProfile, Profile
from shared.contracts.types import PriceUnit
from shared.db import Conn
from shared.preconditions import check_version
from shared.problems import IfMatchRequired

WORDS_NAME = "Words of every list"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a person says: columns by header with field and unit, words with their codes, the decimal mark."""

    columns: Mapping[str, tuple[str | None, str | None]]
    grades: Mapping[str, str]
    classes: Mapping[str, str]
    decimal: str | None = None

    def lesson(self) -> dict[str, object]:
        """As the reader of lists takes it; raises ``UnknownMeaning`` for what it would not understand."""
        known = {name for name in table("headers") if name != "other"}
        for header, (field, unit) in self.columns.items():
            if field is not None and field not in known:
                raise UnknownMeaning(field, header, kind="fields", allowed=sorted(known))
            units = _units(field)
            if unit is not None and unit not in units:
                raise UnknownMeaning(unit, header, kind="units", allowed=units)
        for word, code in self.grades.items():
            if code not in grades.all_codes():
                raise UnknownMeaning(code, word, kind="grades", allowed=sorted(grades.all_codes()))
        lesson: dict[str, object] = {
            "columns": {
                normal(header): {"field": field, "unit": unit} for header, (field, unit) in self.columns.items()
            },
            "grades": {normal(word): code for word, code in self.grades.items()},
            "classes": {normal(word): code for word, code in self.classes.items()},
        }
        return merged(lesson | ({"decimal": self.decimal} if self.decimal else {}))


def _units(field: str | None) -> list[str]:
    dimension = DIMENSION.get(field or "")
    if dimension == "price":
        return sorted(PriceUnit)
    return sorted(FACTORS.get(dimension or "", {}))


@dataclass(frozen=True, slots=True)
class Known:
    """Everything taught about a list, and the saved mapping it came from, if one fits its header."""

    lesson: Mapping[str, object]
    profile: Profile | None


async def known_about(conn: Conn, batch: Batch, header_fingerprint: str | None) -> Known:
    """Words of the mill, then the mapping of this kind of list or the one asked for, then what was said of it alone."""
    words = await profiles.profile_of_header(conn, mill_id=batch.mill_id, header_fingerprint=EVERY_LIST)
    profile = None
    if batch.profile_id is not None:
        profile = await profiles.find_profile(conn, batch.profile_id, mill_id=batch.mill_id)
    elif header_fingerprint:
        profile = await profiles.profile_of_header(conn, mill_id=batch.mill_id, header_fingerprint=header_fingerprint)
    lessons = [one.profile for one in (words, profile) if one is not None]
    return Known(merged(*lessons, batch.mapping), profile)


async def learn(conn: Conn, batch: Batch, lesson: Mapping[str, object], *, user_id: UUID) -> Profile:
    """Remember what was said about a list for all lists with its header. The mill is locked."""
    fingerprint = batch.header_fingerprint or ""
    found = await profiles.profile_of_header(conn, mill_id=batch.mill_id, header_fingerprint=fingerprint)
    headers = found.headers if found else _headers(batch)
    return await profiles.save_profile(
        conn,
        NewProfile(
            profile_id=found.profile_id if found else uuid7(),
            mill_id=batch.mill_id,
            name=found.name if found else f"Like {batch.file_name}",
            status="active",
            header_fingerprint=fingerprint,
            headers=headers,
            profile=merged(found.profile if found else {}, lesson),
            confirmed_by=user_id,
        ),
    )


def _headers(batch: Batch) -> list[str]:
    columns = batch.reading.get("columns")
    if not isinstance(columns, list):
        return []
    return [str(column["header"]) for column in columns if column["header"]]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] – isinstance leaves its parts unknown


async def remember_words(
    conn: Conn, *, mill_id: UUID, words: Mapping[str, Mapping[str, str]], user_id: UUID
) -> dict[str, str]:
    """Let words count in every later list of the mill; those that are new. The mill is locked."""
    found = await profiles.profile_of_header(conn, mill_id=mill_id, header_fingerprint=EVERY_LIST)
    before: Mapping[str, object] = found.profile if found else {}
    after = merged(before, words_only(words))
    if after != merged(before):
        await profiles.save_profile(
            conn,
            NewProfile(
                profile_id=found.profile_id if found else uuid7(),
                mill_id=mill_id,
                name=found.name if found else WORDS_NAME,
                status="active",
                header_fingerprint=EVERY_LIST,
                headers=[],
                profile=after,
                confirmed_by=user_id,
            ),
        )
    return {word: code for part in words.values() for word, code in part.items()}


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """A mapping as a person wants it. ``headers`` ``None``: as before, or those of its columns."""

    profile_id: UUID
    mill_id: UUID
    name: str
    status: str
    headers: Sequence[str] | None
    meaning: Meaning


async def put_profile(
    conn: Conn, change: ProfileChange, *, expected: int | None, user_id: UUID
) -> tuple[Profile, bool]:
    """Create, replace or archive a mapping; the second member says whether it is new."""
    lesson = change.meaning.lesson()
    if await mills.lock_mill(conn, change.mill_id) is None:
        raise ProfileNotFound
    found = await profiles.find_profile(conn, change.profile_id, mill_id=None)
    if found is not None and found.mill_id != change.mill_id:
        raise ProfileNotFound  # somebody else's
    if found is None and expected:
        raise ProfileNotFound  # a version of nothing: answered like somebody else's
    if found is not None and expected is None:
        raise IfMatchRequired("This mapping exists: send the ETag of the version you read in If-Match.")
    check_version(found.version if found else 0, expected or 0)
    headers = list(change.headers) if change.headers is not None else list(change.meaning.columns)
    fingerprint = fingerprint_of(headers) if headers else EVERY_LIST
    if change.headers is None and found is not None:
        headers, fingerprint = list(found.headers), found.header_fingerprint
    same = await profiles.profile_of_header(conn, mill_id=change.mill_id, header_fingerprint=fingerprint)
    if same is not None and same.profile_id != change.profile_id and change.status == "active":
        raise ProfileExists(same.profile_id)
    saved = await profiles.save_profile(
        conn,
        NewProfile(
            profile_id=change.profile_id,
            mill_id=change.mill_id,
            name=change.name,
            status=change.status,
            header_fingerprint=fingerprint,
            headers=headers,
            profile=lesson,
            confirmed_by=user_id,
        ),
    )
    return saved, found is None
