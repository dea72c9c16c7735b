"""Timed work of newsletter: make issues, send messages."""

import asyncio
import logging
import time
from dataclasses import dataclass
from functools import cache

from jinja2 import TemplateError

from services.newsletter.domain.deliveries import Outcome, Result, is_address, judge
from services.newsletter.mailer import Mailer
from services.newsletter.mime import Mail, build, cleaned
from services.newsletter.settings import NewsletterSettings, settings
from services.newsletter.store import deliveries, people
from services.newsletter.usecases import generate, sending
from services.newsletter.usecases.compose import Letter, render
from services.newsletter.usecases.replicas import SCHEDULE
from shared import faults, trace
from shared.db import Database, clock
from shared.faults import Step
from shared.scheduler import every

LOG = logging.getLogger(__name__)


async def generate_scheduled(db: Database) -> int:
    """Make the daily and weekly issues that are due."""
    async with db.transaction() as conn:
        return await generate.generate_scheduled(conn, settings=settings(), now=await clock(conn))


async def generate_on_match(db: Database) -> int:
    """Make the issues that a scoring run asked for."""
    async with db.transaction() as conn:
        return await generate.generate_on_match(conn, settings=settings(), now=await clock(conn))


@cache
def _mailer() -> Mailer:
    return Mailer(settings().smtp_url, timeout_seconds=settings().smtp_timeout_seconds)


async def deliver(db: Database) -> int:
    """Send what is due."""
    return await deliver_with(db, _mailer(), settings())


@dataclass(frozen=True, slots=True)
class _Round:
    """One claim on its way to the mail server. ``ends_at``: monotonic time at which others may take the claim over."""

    claim: sending.Claim
    mailer: Mailer
    config: NewsletterSettings
    ends_at: float


async def deliver_with(db: Database, mailer: Mailer, config: NewsletterSettings) -> int:
    """Claim in one transaction, talk to the mail server outside of any, write the answers down in another."""
    ends_at = time.monotonic() + config.lease_seconds
    async with db.transaction() as conn:
        claim = await sending.claim(conn, settings=config, now=await clock(conn))
    if claim.letters:
        faults.reached(Step.ANSWER_CLAIMED)
        outcomes = await _send_all(_Round(claim, mailer, config, ends_at))
        faults.reached(Step.ANSWER_SENT)
        async with db.transaction() as conn:
            await sending.record(conn, outcomes, letters=claim.letters, settings=config, now=await clock(conn))
    return claim.taken


async def _send_all(this: _Round) -> list[Outcome]:
    waiting = list(reversed(this.claim.letters))
    outcomes: list[Outcome] = []

    async def work() -> None:
        while waiting:
            letter = waiting.pop()
            with trace.tracing(trace.Trace(correlation_id=letter.claimed.correlation_id)):
                outcomes.append(await _send(letter, this))

    async with asyncio.TaskGroup() as group:
        for _ in range(min(this.config.smtp_connections_max, len(waiting))):
            group.create_task(work())
    return outcomes


async def _send(letter: Letter, this: _Round) -> Outcome:
    lease, config, one = this.claim.lease, this.config, letter.claimed
    if time.monotonic() + config.smtp_timeout_seconds + 5 > this.ends_at:
        return sending.not_sent(letter, lease, result=Result.NOT_TRIED)
    if not is_address(one.address):
        return sending.not_sent(letter, lease, result=Result.FAILED, reason="address_not_valid")
    try:
        content = bytes_of(letter, config)
    except (TemplateError, ValueError) as error:
        LOG.exception("a mail could not be written", extra={"delivery_id": str(one.delivery_id)})
        return sending.not_sent(letter, lease, result=Result.FAILED, reason=f"not_written: {type(error).__name__}")
    reply = await this.mailer.send(sender=config.from_address, recipient=one.address, content=content)
    outcome = judge(reply, delivery_id=one.delivery_id, lease=lease)
    LOG.info("mail", extra={"delivery_id": str(one.delivery_id), "kind": one.kind, "result": outcome.result.value})
    return outcome


def bytes_of(letter: Letter, config: NewsletterSettings) -> bytes:
    """The mail as it travels. Raises ``TemplateError``, or ``ValueError`` for a header that must not be sent."""
    one, rendered = letter.claimed, render(letter.page)
    return build(
        Mail(
            message_id=one.message_id,
            from_name=config.from_name,
            from_address=config.from_address,
            to_name=cleaned(one.name, length_max=80),
            to_address=one.address,
            subject=cleaned(rendered.subject),
            date=one.created_at,
            html=rendered.html,
            text=rendered.text,
            language=letter.page.language,
            unsubscribe_url=letter.unsubscribe_url,
        )
    )


JOBS = (
    every(seconds=60, run=generate_scheduled, wake_on=SCHEDULE, next_due=people.next_scheduled),
    every(seconds=60, run=generate_on_match, wake_on=generate.ON_MATCH, next_due=people.next_on_match),
    every(seconds=30, run=deliver, wake_on=generate.DELIVERIES, next_due=deliveries.next_due, exclusive=False),
)
