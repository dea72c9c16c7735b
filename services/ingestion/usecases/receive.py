"""Take a list in: the file is a row before anybody looks into it."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from services.ingestion.domain.batches import BatchStatus
from services.ingestion.domain.files import LISTS, WORDS, FileKind, kind_of, safe_name
from services.ingestion.errors import EmptyFile, MillNotApproved, NotAList, UnknownProfile
from services.ingestion.store import batches, mills, profiles, progress
from services.ingestion.store.batches import Batch, NewBatch
from services.ingestion.usecases.announce import announce
from shared import trace
from shared.db import Conn, notify

CHANNEL = "batch"  # wakes the reader of lists


@dataclass(frozen=True, slots=True)
class IncomingList:
    """``reply_to`` only for a sender that our mail server verified."""

    mill_id: UUID
    source: str  # mail | upload
    file_name: str | None
    content: bytes
    list_mode: str  # append | snapshot
    forced: bool = False
    message_id: UUID | None = None
    received_by: UUID | None = None
    reply_to: str | None = None
    language: str | None = None
    profile_id: UUID | None = None  # a saved mapping to be read with, whatever the header


async def receive_list(conn: Conn, incoming: IncomingList) -> Batch:
    """Store a list to be read; the same file of the same mill again is a ``duplicate`` unless ``forced``."""
    kind = kind_of(incoming.content)
    if kind is FileKind.EMPTY:
        raise EmptyFile
    if kind not in LISTS:
        raise NotAList(WORDS[kind])
    mill = await mills.lock_mill(conn, incoming.mill_id)
    if mill is None or not mill.approved:
        raise MillNotApproved
    if incoming.profile_id is not None:
        profile = await profiles.find_profile(conn, incoming.profile_id, mill_id=incoming.mill_id)
        if profile is None or profile.status != "active":
            raise UnknownProfile
    digest = hashlib.sha256(incoming.content).digest()
    new = NewBatch(
        batch_id=uuid7(),
        mill_id=incoming.mill_id,
        source=incoming.source,
        message_id=incoming.message_id,
        file_name=safe_name(incoming.file_name, default=f"list.{kind}"),
        file_kind=kind,
        file_sha256=digest,
        content=incoming.content,
        list_mode=incoming.list_mode,
        forced=incoming.forced,
        received_by=incoming.received_by,
        reply_to=incoming.reply_to,
        language=incoming.language or mill.language,
        correlation_id=trace.current().correlation_id,
        profile_id=incoming.profile_id,
    )
    if not await batches.insert_batch(conn, new, status=BatchStatus.RECEIVED):
        return await _as_duplicate(conn, new)
    await notify(conn, CHANNEL)
    return await announce(conn, new.batch_id, previous=None)


async def _as_duplicate(conn: Conn, new: NewBatch) -> Batch:
    first = await batches.same_file(conn, mill_id=new.mill_id, sha256=new.file_sha256)
    await batches.insert_batch(conn, new, status=BatchStatus.DUPLICATE, duplicate_of=first)
    await progress.set_reasons(
        conn, new.batch_id, ["This very file was sent before; nothing was changed. To list it again, force it."]
    )
    return await announce(conn, new.batch_id, previous=BatchStatus.RECEIVED)
