"""Whose batches an actor may see, and in whose name he acts."""

from urllib.parse import quote
from uuid import UUID

from fastapi import Response

from services.ingestion.errors import MillNotKnownYet, UnknownMill
from services.ingestion.store import mills
from shared import trace
from shared.auth import Actor
from shared.db import Conn


def mill_of(actor: Actor) -> UUID | None:
    """The mill whose records these are; ``None`` for operators, who see all."""
    return None if actor.is_admin else actor.organization_id


def by(actor: Actor) -> trace.Trace:
    """The chain of this request with the person who began it: events name him."""
    chain = trace.current()
    return trace.started(actor.ref(), correlation_id=chain.correlation_id, traceparent=chain.traceparent)


async def mill_of_upload(conn: Conn, actor: Actor, mill_id: UUID | None) -> UUID:
    """Whose file it is: the actor's mill, or the one an operator names."""
    if actor.is_admin:
        if mill_id is None or await mills.find_mill(conn, mill_id) is None:
            raise UnknownMill
        return mill_id
    if mill_id not in (None, actor.organization_id):
        raise UnknownMill
    if await mills.find_mill(conn, actor.organization_id) is None:
        raise MillNotKnownYet
    return actor.organization_id


def download(content: bytes, *, file_name: str, media_type: str = "application/octet-stream") -> Response:
    """A file to be saved and never to be shown by a browser."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in " ._-") else "_" for c in file_name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=media_type, headers=headers)
