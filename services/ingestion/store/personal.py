"""What ingestion holds about one person."""

from uuid import UUID

from shared.db import Conn


async def about(conn: Conn, user_id: UUID) -> str:
    """Which lists somebody sent, as JSON; what is in them belongs to his mill."""
    cursor = await conn.execute(
        """
        SELECT jsonb_build_object(
            'lists_sent', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', b.batch_id, 'at', b.received_at)), '[]')
                           FROM batch b WHERE b.received_by = %(id)s)
        )::text
        """,
        {"id": user_id},
    )
    row = await cursor.fetchone()
    return str(row[0]) if row else "{}"
