"""Deeds at the gateway's own doors that are no events: signing in, passwords, tokens, replays."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from gateway.audited import Entry
from gateway.domain import Account
from gateway.store import audit
from shared import trace
from shared.contracts.base import ActorRef
from shared.db import Conn


async def note(
    conn: Conn,
    kind: str,
    *,
    entity: tuple[str, UUID | None],
    by: ActorRef,
    now: datetime,
    readers: Sequence[UUID] = (),
    address: str | None = None,
    facts: Mapping[str, JsonValue] | None = None,
) -> None:
    """Write a deed down in the transaction of the deed.

    ``address`` is for doors that nobody has to sign in for; of others the address is known from the request.
    """
    what, which = entity
    entry = Entry(
        at=now,
        type=f"gateway.{kind}",
        entity_kind=what,
        entity_id=None if which is None else str(which),
        organization_ids=readers,
        actor=by,
        correlation_id=trace.current().correlation_id,
        changes=(),
        facts=facts or {},
        address=address,
    )
    await audit.add(conn, [entry])


def of_account(account: Account) -> ActorRef:
    """Somebody who has shown that he is this person."""
    return ActorRef(user_id=account.id, organization_id=account.organization_id, via="http")
