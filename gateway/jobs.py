"""The gateway's timetable."""

import logging

from gateway.deaths import dead_letters
from gateway.gathering import gather_next
from gateway.letters import message_of
from gateway.mailer import send
from gateway.settings import GatewaySettings, settings
from gateway.store import api_tokens, events, figures, identity, mails, notifications, origins, privacy
from gateway.usecases import mails as usecases
from gateway.usecases.deaths import tell_of_dead_letters
from gateway.usecases.privacy import EXPORTS
from shared.db import Database, clock
from shared.scheduler import every

LOG = logging.getLogger(__name__)
SLICE = 1000
PRUNED = 5000


async def clean_up(db: Database) -> int:
    """Drop what nobody can use any more, a slice at a time."""
    async with db.transaction() as conn:
        dropped = await identity.forget_old(conn, limit=SLICE)
        dropped += await mails.forget_old(conn, limit=SLICE)
        dropped += await privacy.forget_expired(conn, limit=SLICE)
        return dropped + await api_tokens.forget_old(conn, limit=SLICE)


async def prune_history(db: Database) -> int:
    """Drop what was kept for a time, a slice at a time."""
    return await prune_history_with(db, settings())


async def prune_history_with(db: Database, kept: GatewaySettings) -> int:
    """The audit stays."""
    async with db.transaction() as conn:
        dropped = await events.prune(conn, days=kept.events_kept_days, limit=PRUNED)
        dropped += await notifications.forget_old(conn, days=kept.notifications_kept_days, limit=PRUNED)
        dropped += await origins.forget_old(conn, days=kept.origins_kept_days, limit=PRUNED)
        return dropped + await figures.forget_old(conn, days=kept.figures_kept_days, limit=PRUNED)


async def watch_dead_letters(db: Database) -> int:
    """Tell the operators of dead letters that were not there when we last looked, in any service."""
    await tell_of_dead_letters(db, await dead_letters(settings()))
    return 0


async def make_archives(db: Database) -> int:
    """Put together what somebody asked to see of himself."""
    return await gather_next(db, settings())


async def send_mails(db: Database) -> int:
    """Send invitations and links to reset a password."""
    return await send_mails_with(db, settings())


async def send_mails_with(db: Database, config: GatewaySettings) -> int:
    """Claim in one transaction, talk to the mail server outside of any, write each answer down in its own."""
    async with db.transaction() as conn:
        taken, letters = await usecases.claim(conn, settings=config, now=await clock(conn))
    for letter in letters:
        try:
            message = message_of(letter, config)
        except ValueError as error:  # an address from before we checked them
            LOG.warning("a mail could not be written", extra={"mail_id": str(letter.mail.id)}, exc_info=error)
            answer = usecases.Answer(553, "address not usable")
        else:
            answer = await send(message, recipient=letter.mail.address, settings=config)
        LOG.info("mail", extra={"mail_id": str(letter.mail.id), "kind": letter.mail.kind, "code": answer.code})
        async with db.transaction() as conn:
            await usecases.record(conn, letter.mail, answer)
    return taken


JOBS = (
    every(seconds=86_400, run=clean_up),
    every(seconds=600, run=prune_history),
    every(seconds=30, run=watch_dead_letters),
    every(seconds=15, run=make_archives, wake_on=EXPORTS, exclusive=False),
    every(seconds=30, run=send_mails, wake_on=usecases.MAILS, next_due=mails.next_due, exclusive=False),
)
