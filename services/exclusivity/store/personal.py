"""What exclusivity holds about one person."""

from uuid import UUID

from shared.db import Conn


async def about(conn: Conn, user_id: UUID) -> str:
    """The interests somebody expressed, as JSON; windows belong to his company."""
    cursor = await conn.execute(
        """
        SELECT jsonb_build_object(
            'interests', (SELECT coalesce(jsonb_agg(to_jsonb(i)), '[]') FROM interests i WHERE i.user_id = %(id)s)
        )::text
        """,
        {"id": user_id},
    )
    row = await cursor.fetchone()
    return str(row[0]) if row else "{}"
