"""Reading of mails and lists, step by step: claim, read in the sandbox without a transaction, write."""

import logging
from collections.abc import Mapping

from services.ingestion.editing import context_of
from services.ingestion.mails import MailRefused
from services.ingestion.parsing import ListReading, UnreadableFile
from services.ingestion.reading import Question, Reader
from services.ingestion.settings import IngestionSettings
from services.ingestion.store.messages import claim_message
from services.ingestion.usecases.messages import decide_message, refuse_message
from services.ingestion.usecases.process import (
    Work,
    begin_reading,
    finish_reading,
    profile_of,
    refuse_reading,
)
from shared import trace
from shared.contracts.base import ActorRef
from shared.db import Database, clock

LOG = logging.getLogger(__name__)
_WORN_OUT = "The list could not be read in several tries. Save it again as xlsx or csv and send it once more."


async def read_next_mail(db: Database, settings: IngestionSettings, reader: Reader) -> int:
    """Judge the oldest unread mail; the number of mails, 0 or 1."""
    async with db.transaction() as conn:
        claim = await claim_message(conn, lease_seconds=settings.lease_seconds)
    if claim is None:
        return 0
    with trace.tracing(trace.started(ActorRef(via="mail"), correlation_id=claim.correlation_id)):
        try:
            if claim.attempt > settings.read_attempts_max:
                raise MailRefused("it ended its reader too often")
            mail, contents = await reader.mail(bytes(claim.raw))
        except MailRefused as refused:
            LOG.warning("mail cannot be read", extra={"message_id": str(claim.message_id), "why": str(refused)})
            async with db.transaction() as conn:
                await refuse_message(conn, claim)
            return 1
        async with db.transaction() as conn:
            batches = await decide_message(conn, claim, mail, contents, authserv_id=settings.authserv_id)
    LOG.info("mail read", extra={"message_id": str(claim.message_id), "batches": batches})
    return 1


async def read_next_list(db: Database, settings: IngestionSettings, reader: Reader) -> int:
    """Read the oldest list that is due; the number of lists, 0 or 1."""
    async with db.transaction() as conn:
        work = await begin_reading(conn, lease_seconds=settings.lease_seconds, now=await clock(conn))
    if work is None:
        return 0
    claim = work.claim
    via = "mail" if claim.source == "mail" else "http"
    actor = ActorRef(user_id=claim.received_by, organization_id=claim.mill_id, via=via)
    with trace.tracing(trace.started(actor, correlation_id=claim.correlation_id)):
        try:
            if claim.attempt > settings.read_attempts_max:
                raise UnreadableFile("worn_out", _WORN_OUT)
            reading = await _read(db, reader, work)
        except UnreadableFile as refused:
            async with db.transaction() as conn:
                await refuse_reading(conn, claim, refused)
            return 1
        async with db.transaction() as conn:
            await finish_reading(conn, work, reading)
    return 1


async def _read(db: Database, reader: Reader, work: Work) -> ListReading:
    """Read with what a person confirmed for this kind of list; the kind is known only after a first reading."""
    profile = await _profile(db, work, work.header_fingerprint)
    reading = await reader.list(work.content, question_of(work, profile))
    if profile is not None or reading.header_fingerprint == work.header_fingerprint:
        return reading
    profile = await _profile(db, work, reading.header_fingerprint)
    return reading if profile is None else await reader.list(work.content, question_of(work, profile))


async def _profile(db: Database, work: Work, header_fingerprint: str | None) -> Mapping[str, object] | None:
    if header_fingerprint is None:
        return None
    async with db.transaction() as conn:
        return await profile_of(conn, work.mill.organization_id, header_fingerprint)


def question_of(work: Work, profile: Mapping[str, object] | None) -> Question:
    return Question(file_name=work.file_name, mill=context_of(work.mill, profile), today=work.today)
