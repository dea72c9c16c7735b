import os

import psycopg
import pytest
import redis

from tests.support.postgres import throwaway_postgres
from tests.support.redis import throwaway_redis


def test_postgres_of_our_own_takes_connections_and_has_the_extensions() -> None:
    with throwaway_postgres() as url, psycopg.connect(url) as conn:
        conn.execute("CREATE EXTENSION btree_gist")
        conn.execute("CREATE EXTENSION pg_trgm")
        settings = conn.execute(
            "SELECT current_setting('server_encoding'), current_setting('max_connections'), current_setting('timezone')"
        ).fetchone()
        extensions = conn.execute("SELECT extname FROM pg_extension ORDER BY extname").fetchall()
    assert settings == ("UTF8", "200", "UTC")
    assert [name for (name,) in extensions] == ["btree_gist", "pg_trgm", "plpgsql"]


def test_valkey_of_our_own_keeps_streams_and_is_gone_afterwards() -> None:
    with throwaway_redis() as url:
        client = redis.Redis.from_url(url)  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
        entry = client.xadd("events.test", {"event": "{}"})
        pid = int(client.info("server")["process_id"])  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
        assert client.xlen("events.test") == 1
        assert entry
        client.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
