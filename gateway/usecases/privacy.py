"""What a person may ask about himself: everything we hold, or to be forgotten."""

from datetime import datetime
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from gateway.store import mails, organizations, people
from gateway.store import privacy as store
from gateway.store.privacy import Claim, PrivacyRequest
from gateway.usecases import audit
from gateway.usecases.mails import INVITATION, RESET
from gateway.usecases.organizations import save_organizations
from gateway.usecases.people import save_people, visible
from gateway.usecases.sessions import end_sessions
from shared import outbox
from shared.auth import Actor
from shared.contracts.gateway import OrganizationStatus, UserChanged, UserErased, UserStatus
from shared.db import Conn, notify
from shared.problems import Conflict, Gone, NotAllowed, NotFound

EXPORTS = "privacy"  # NOTIFY channel
NAMELESS = "Former user"


async def _person(conn: Conn, person_id: UUID, *, actor: Actor) -> UserChanged:
    person = await visible(conn, person_id, actor=actor)
    if not actor.is_admin and actor.user_id != person_id:
        raise NotAllowed("Only the person himself or the operator may ask this.")
    return person


async def ask_export(conn: Conn, person_id: UUID, *, actor: Actor, now: datetime) -> PrivacyRequest:
    """Let everything we hold about a person be put together; one that is under way is answered again."""
    person = await _person(conn, person_id, actor=actor)
    if person.status == UserStatus.ERASED:
        raise Gone("This user was erased; nothing is held any more that names him.")
    await people.locked(conn, [person_id])
    present = await store.open_export(conn, person_id)
    if present is not None:
        return present
    request = PrivacyRequest(uuid7(), person_id, "export", "open", None, now, None, None)
    await _keep(conn, request, person, actor=actor, now=now)
    await notify(conn, EXPORTS)
    return request


async def erase(conn: Conn, person_id: UUID, *, actor: Actor, now: datetime) -> PrivacyRequest:
    """Forget a person for good: his sessions end, every service is told, trade records stay without a name."""
    person = await _person(conn, person_id, actor=actor)
    owners = await people.owners_locked(conn, person.organization_id)
    before = (await people.locked(conn, [person_id]))[person_id]
    if before.status == UserStatus.ERASED:
        raise Gone("This user was erased already; there is nothing left to do.")
    await _refuse_last_owner(conn, before, owners)
    placeholder = f"erased-{person_id}@erased.invalid"
    after = before.model_copy(update={"status": UserStatus.ERASED, "name": NAMELESS, "email": placeholder})
    await store.forget_in_events(conn, before)
    await save_people(conn, [after], {}, actor=actor.ref(), keeps_values=False)
    await end_sessions(conn, session_id=None, person_id=person_id, reason="user erased", now=now)
    await mails.use_links(conn, person_id=person_id, purposes=[INVITATION, RESET])
    await store.forget_person(conn, person_id, email=before.email)
    await _forget_contact(conn, before, actor=actor)
    await outbox.add(conn, UserErased(user_id=person_id), actor=actor.ref())
    request = PrivacyRequest(uuid7(), person_id, "erasure", "done", None, now, now, None)
    await _keep(conn, request, before, actor=actor, now=now)
    return request


async def _refuse_last_owner(conn: Conn, person: UserChanged, owners: list[UUID]) -> None:
    if owners != [person.user_id]:
        return
    home = (await organizations.locked(conn, [person.organization_id]))[person.organization_id]
    if home.status != OrganizationStatus.CLOSED:
        raise Conflict(
            "This is the last owner of the organisation; make somebody else an owner first, or let the operator close"
            " the organisation."
        )


async def _forget_contact(conn: Conn, person: UserChanged, *, actor: Actor) -> None:
    """His organisation may have named him as the person to write to."""
    home = (await organizations.locked(conn, [person.organization_id]))[person.organization_id]
    kept = tuple(one for one in home.contacts if one.email.lower() != person.email.lower())
    if kept != home.contacts:
        after = home.model_copy(update={"contacts": kept})
        await save_organizations(conn, [after], actor=actor.ref(), keeps_values=False)


async def _keep(conn: Conn, request: PrivacyRequest, person: UserChanged, *, actor: Actor, now: datetime) -> None:
    await store.add(conn, request, requested_by=actor.user_id)
    await audit.note(
        conn,
        f"privacy.{request.kind}_requested",
        entity=("user", person.user_id),
        by=actor.ref(),
        now=now,
        readers=[person.organization_id],
    )


async def find(conn: Conn, person_id: UUID, request_id: UUID, *, actor: Actor) -> PrivacyRequest:
    await _person(conn, person_id, actor=actor)
    found = await store.find(conn, request_id, person_id=person_id)
    if found is None:
        raise NotFound("There is no such request of this user; check both ids.")
    return found


async def archive(conn: Conn, person_id: UUID, request_id: UUID, *, actor: Actor) -> bytes:
    """The file of an export; ``Gone`` when its time is over."""
    request = await find(conn, person_id, request_id, actor=actor)
    if request.status == "open":
        raise Conflict("The archive is being put together; ask again in a moment.", headers={"Retry-After": "2"})
    found = await store.archive(conn, request_id)
    if found is None:
        raise Gone("There is no archive of this request any more; ask for a new one.")
    return found


async def put_together(conn: Conn, claim: Claim, answers: dict[str, bytes], *, days: int) -> None:
    """Keep one file of what every service said."""
    own = orjson.Fragment(await store.about(conn, claim.person_id))
    parts = {"gateway": own} | {name: orjson.Fragment(body) for name, body in answers.items()}
    file = orjson.dumps(parts, option=orjson.OPT_INDENT_2)
    await store.finish(conn, claim, archive=file, reason=None, days=days)


async def give_up(conn: Conn, claim: Claim, *, missing: str) -> None:
    await store.finish(conn, claim, archive=None, reason=f"{missing} did not answer", days=0)
