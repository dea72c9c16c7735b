"""Reading of mails and lists, step by step: claim, read in the sandbox without a transaction, write."""

import logging

from services.ingestion.editing import context_of
from services.ingestion.mails import MailRefused
from services.ingestion.parsing import UnreadableFile
from services.ingestion.reading import Question, Reader
from services.ingestion.settings import IngestionSettings
from services.ingestion.store.messages import claim_message
from services.ingestion.unpacking import ListRead
from services.ingestion.usecases.messages import decide_message, refuse_message
from services.ingestion.usecases.process import (
    TakenOver,
    Work,
    begin_reading,
    finish_reading,
    refuse_reading,
)
from services.ingestion.usecases.profiles import Known, known_about
from shared import faults, trace
from shared.contracts.base import ActorRef
from shared.db import Database, clock
from shared.faults import Step

LOG = logging.getLogger(__name__)
_WORN_OUT = "The list could not be read in several tries. Save it again as xlsx or csv and send it once more."


async def read_next_mail(db: Database, settings: IngestionSettings, reader: Reader) -> int:
    """Judge the oldest unread mail; the number of mails, 0 or 1."""
    async with db.transaction() as conn:
        claim = await claim_message(conn, lease_seconds=settings.lease_seconds)
    if claim is None:
        return 0
    faults.reached(Step.MAIL_CLAIMED)
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
        faults.reached(Step.MAIL_READ)
        async with db.transaction() as conn:
            batches = await decide_message(conn, claim, mail, contents, authserv_id=settings.authserv_id)
            faults.reached(Step.MAIL_JUDGED)
        faults.reached(Step.MAIL_TAKEN_IN)
    LOG.info("mail read", extra={"message_id": str(claim.message_id), "batches": batches})
    return 1


async def read_next_list(db: Database, settings: IngestionSettings, reader: Reader) -> int:
    """Read the oldest list that is due; the number of lists, 0 or 1."""
    async with db.transaction() as conn:
        work = await begin_reading(conn, lease_seconds=settings.lease_seconds, now=await clock(conn))
    if work is None:
        return 0
    faults.reached(Step.LIST_CLAIMED)
    claim = work.claim
    via = "mail" if claim.source == "mail" else "http"
    actor = ActorRef(user_id=claim.received_by, organization_id=claim.mill_id, via=via)
    with trace.tracing(trace.started(actor, correlation_id=claim.correlation_id)):
        try:
            if claim.attempt > settings.read_attempts_max:
                raise UnreadableFile("worn_out", _WORN_OUT)
            await _read(db, reader, work)
        except UnreadableFile as refused:
            async with db.transaction() as conn:
                await refuse_reading(conn, claim, refused)
        except TakenOver:
            LOG.info("list is no longer ours", extra={"batch_id": str(claim.batch_id)})
    return 1


async def _read(db: Database, reader: Reader, work: Work) -> None:
    """Read with what people taught us about such lists; of which kind it is, is known when its header has been read."""
    known = await _known(db, work, work.batch.header_fingerprint)
    async with reader.list(work.content, question_of(work, known)) as read:
        kind = read.header_fingerprint
        better = known if kind == work.batch.header_fingerprint else await _known(db, work, kind)
        if better.lesson == known.lesson:
            return await _store(db, work, read, better)
    async with reader.list(work.content, question_of(work, better)) as read:
        return await _store(db, work, read, better)


async def _store(db: Database, work: Work, read: ListRead, known: Known) -> None:
    """The lots are stored while others are still being read; a list that cannot be read to its end leaves nothing."""
    faults.reached(Step.LIST_READ)
    async with db.transaction() as conn:
        await finish_reading(conn, work, read, known)
        faults.reached(Step.LIST_JUDGED)
    faults.reached(Step.LIST_TAKEN_IN)


async def _known(db: Database, work: Work, header_fingerprint: str | None) -> Known:
    async with db.transaction() as conn:
        return await known_about(conn, work.batch, header_fingerprint)


def question_of(work: Work, known: Known) -> Question:
    return Question(file_name=work.batch.file_name, mill=context_of(work.mill, known.lesson or None), today=work.today)
