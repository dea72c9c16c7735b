"""What newsletter holds about one reader."""

from uuid import UUID

from shared.db import Conn


async def about(conn: Conn, user_id: UUID) -> str:
    """Profile, wishes, issues, mails with what became of them, and where we may not write; as JSON."""
    cursor = await conn.execute(
        """
        SELECT jsonb_build_object(
            'profile', (SELECT to_jsonb(u) FROM user_replica u WHERE u.user_id = %(id)s),
            'preferences', (SELECT to_jsonb(p) FROM preference p WHERE p.user_id = %(id)s),
            'issues', (SELECT coalesce(jsonb_agg(to_jsonb(i)), '[]') FROM issue i WHERE i.user_id = %(id)s),
            'lots_shown', (SELECT coalesce(jsonb_agg(jsonb_build_object('issue_id', s.issue_id, 'item_id', s.item_id)),
                                           '[]') FROM issue_item s WHERE s.user_id = %(id)s),
            'mails', (SELECT coalesce(jsonb_agg(to_jsonb(d) - 'lease'), '[]') FROM delivery d
                      WHERE d.user_id = %(id)s),
            'suppressions', (SELECT coalesce(jsonb_agg(to_jsonb(s)), '[]') FROM suppression s
                             WHERE s.user_id = %(id)s)
        )::text
        """,
        {"id": user_id},
    )
    row = await cursor.fetchone()
    return str(row[0]) if row else "{}"
