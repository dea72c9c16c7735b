"""Dead letters that an administrator had tried again."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Conn, execute, fetch_one


@dataclass(frozen=True, slots=True)
class Replay:
    """``done_at`` is ``None`` until the service has taken the event back."""

    dead_letter_id: UUID
    service: str
    type: str
    requested_by: UUID
    done_at: datetime | None


async def find(conn: Conn, scope: str) -> Replay | None:
    return await fetch_one(
        conn,
        Replay,
        "SELECT dead_letter_id, service, type, requested_by, done_at FROM replay WHERE scope = %(scope)s",
        {"scope": scope},
    )


async def begin(conn: Conn, scope: str, replay: Replay) -> None:
    """Write down who wants what, before it is done."""
    await execute(
        conn,
        """
        INSERT INTO replay (scope, dead_letter_id, service, type, requested_by)
        VALUES (%(scope)s, %(id)s, %(service)s, %(type)s, %(by)s)
        ON CONFLICT (scope) DO NOTHING
        """,
        {
            "scope": scope,
            "id": replay.dead_letter_id,
            "service": replay.service,
            "type": replay.type,
            "by": replay.requested_by,
        },
    )


async def end(conn: Conn, scope: str) -> None:
    """The service has taken it."""
    await execute(conn, "UPDATE replay SET done_at = clock() WHERE scope = %(scope)s", {"scope": scope})
