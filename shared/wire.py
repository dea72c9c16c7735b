"""Redis as the backbone uses it: streams, one cursor, and small notes between relay and readers.

Nothing here is the truth: whatever is lost can be sent again from PostgreSQL.

| key                  | holds                                                              |
|----------------------|--------------------------------------------------------------------|
| ``events.<service>`` | the stream                                                         |
| ``sent:<service>``   | epoch and number up to which the relay has sent                    |
| ``head:<service>``   | number and epoch of the newest event, with a tick that always grows |
| ``refill:<service>`` | subscriber -> first number it misses                               |
| ``gone:<service>``   | subscriber -> oldest number that is still kept                     |
| ``applied:<service>``| subscriber -> number and epoch it has applied                      |
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import cast
from uuid import UUID

from redis.asyncio import Connection, Redis
from redis.connection import HiredisRespSerializer
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError
from redis.typing import EncodableT

from shared.contracts.base import stream_of

WIRE_ERRORS = (RedisError, OSError)
WIRE_FULL = OutOfMemoryError
ENTRIES_MAX = 100_000  # per stream; a dead subscriber must not fill Redis, what is cut off is sent again
ANSWER_TIMEOUT_S = 5.0
Entry = tuple[str, Mapping[str, str]]
FIELDS = ("seq", "epoch", "id", "type", "key", "time", "meta", "body")  # of every entry, in this order

# A set of entries, the cursor and the head as one command: Redis runs it as a whole or, when it is full, not at all.
# Packing and answering 500 commands one by one took six times as long here, and saved Redis a quarter.
APPEND = f"""
for at = 4, #ARGV, {len(FIELDS)} do
    redis.call(
        'XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*',
        {", ".join(f"'{name}', ARGV[at + {place}]" for place, name in enumerate(FIELDS))}
    )
end
redis.call('SET', KEYS[2], ARGV[1])
redis.call('SET', KEYS[3], ARGV[2])
"""


class GroupLost(Exception):
    """The stream or the group is gone: flushed, deleted, destroyed."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest number of a stream. ``tick`` differs each time the relay says so: an old note proves nothing."""

    seq: int
    epoch: UUID
    tick: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A number within one life of a producer's database."""

    seq: int
    epoch: UUID

    def __str__(self) -> str:
        return f"{self.seq} {self.epoch}"

    @classmethod
    def parse(cls, text: str) -> "Mark":
        seq, _, epoch = text.partition(" ")
        return cls(seq=int(seq), epoch=UUID(epoch))


class Packed(Connection):
    """Packs commands in C, as redis-py does for its blocking connections only: a third of the relay's time."""

    _pack = cast(
        Callable[..., list[bytes]],
        HiredisRespSerializer().pack,  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
    )

    def pack_command(self, *args: EncodableT) -> list[bytes]:
        return Packed._pack(*args)


class Wire:
    """A client of one Redis. ``block_s``: how long reads of this client wait for an entry; 0: not at all."""

    def __init__(self, url: str, *, block_s: float = 0) -> None:
        # No retries: a repeated XREADGROUP leaves entries pending unseen. The timeout stays above the block time, or
        # an idle stream looks like a dead server.
        self._redis: Redis = Redis.from_url(  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
            url,
            connection_class=Packed,
            decode_responses=True,
            protocol=3,
            legacy_responses=False,
            socket_timeout=block_s + ANSWER_TIMEOUT_S,
            socket_connect_timeout=ANSWER_TIMEOUT_S,
            health_check_interval=0,
        )
        self._block_ms = int(block_s * 1000) or None  # BLOCK 0 would wait for ever

    async def close(self) -> None:
        await self._redis.aclose()

    async def ping(self) -> None:
        await self._redis.ping()  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py

    async def eviction_policy(self) -> str:
        """``noeviction`` is the only one that never throws our streams away behind our back."""
        memory = await self._redis.info("memory")  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
        return str(memory.get("maxmemory_policy", "noeviction"))

    # the relay's side

    async def cursor(self, service: str) -> Mark | None:
        text = await self._redis.get(f"sent:{service}")
        return Mark.parse(str(text)) if text else None

    async def send(self, service: str, entries: Iterable[Sequence[str]], *, cursor: Mark, head: Mark) -> None:
        """Append entries (values of ``FIELDS``), move the cursor and say the head, all or nothing."""
        keys = (stream_of(service), f"sent:{service}", f"head:{service}")
        marks = (str(cursor), f"{head} {time.time_ns()}", ENTRIES_MAX)
        await self._redis.eval(APPEND, len(keys), *keys, *marks, *chain.from_iterable(entries))

    async def take_refills(self, service: str) -> dict[str, int]:
        """Requests since the last look: subscriber -> first number it misses."""
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.hgetall(f"refill:{service}")
        pipeline.delete(f"refill:{service}")
        asked = cast(dict[str, str], (await pipeline.execute())[0])
        return {subscriber: int(seq) for subscriber, seq in asked.items()}

    async def say_gone(self, service: str, subscriber: str, oldest: int) -> None:
        await self._redis.hset(f"gone:{service}", subscriber, str(oldest))

    async def applied(self, service: str) -> dict[str, Mark]:
        """How far each subscriber has come, by its own report."""
        reports = cast(dict[str, str], await self._redis.hgetall(f"applied:{service}"))
        return {subscriber: Mark.parse(text) for subscriber, text in reports.items()}

    async def trim(self, service: str, groups: Sequence[str]) -> int:
        """Cut what every group has acknowledged; nothing while a group is missing. Answers how many entries went."""
        acknowledged = await self._acknowledged(service)
        if not groups or any(group not in acknowledged for group in groups):
            return 0
        return await self._cut(service, min(acknowledged[group] for group in groups))

    async def relieve(self, service: str) -> int:
        """Redis is full: cut what the fastest group has acknowledged. The slower ones find a gap and ask again."""
        return await self._cut(service, max((await self._acknowledged(service)).values(), default=(0, 0)))

    async def _acknowledged(self, service: str) -> dict[str, tuple[int, int]]:
        """By group, the first entry it may still need."""
        stream = stream_of(service)
        try:
            groups = await self._redis.xinfo_groups(stream)
        except ResponseError:
            return {}  # no such stream yet
        found: dict[str, tuple[int, int]] = {}
        for group in groups:
            name = str(group["name"])
            pending = cast(dict[str, object], await self._redis.xpending(stream, name))
            found[name] = _entry_id(str(pending["min"] or group["last-delivered-id"]))
        return found

    async def _cut(self, service: str, floor: tuple[int, int]) -> int:
        return int(await self._redis.xtrim(stream_of(service), minid=f"{floor[0]}-{floor[1]}", approximate=True))

    # the reader's side

    async def create_group(self, service: str, group: str) -> None:
        """At the beginning of the stream, never at its end: what is there already is ours too."""
        try:
            await self._redis.xgroup_create(stream_of(service), group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def read(self, service: str, group: str, *, pending: bool, count: int) -> list[Entry]:
        """New entries, or those delivered before and never acknowledged. Raises ``GroupLost``."""
        stream = stream_of(service)
        try:
            answer = await self._redis.xreadgroup(
                group, group, {stream: "0" if pending else ">"}, count=count, block=None if pending else self._block_ms
            )
        except ResponseError as error:
            if any(word in str(error) for word in ("NOGROUP", "UNBLOCKED", "no longer exists")):
                raise GroupLost(str(error)) from error
            raise
        found = cast(dict[str, list[tuple[str, dict[str, str] | None]]], answer or {})
        return [(entry_id, fields or {}) for entry_id, fields in found.get(stream, [])]

    async def acknowledge(self, service: str, group: str, entry_ids: Sequence[str], applied: Mark | None) -> None:
        """Forget these entries, and report how far we are; a full Redis refuses the report, which is no harm."""
        pipeline = self._redis.pipeline(transaction=False)
        if applied is not None:
            pipeline.hset(f"applied:{service}", group, str(applied))
        if entry_ids:
            pipeline.xack(stream_of(service), group, *entry_ids)
        answers = await pipeline.execute(raise_on_error=False)
        if entry_ids and isinstance(answers[-1], RedisError):
            raise answers[-1]

    async def look(self, service: str, group: str) -> tuple[Head | None, int | None]:
        """The head as the relay last said it, and the oldest kept number if it told us that ours is gone."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.get(f"head:{service}")
        pipeline.hget(f"gone:{service}", group)
        text, gone = cast(tuple[str | None, str | None], tuple(await pipeline.execute()))
        if not text:
            return None, int(gone) if gone else None
        seq, epoch, tick = text.split(" ")
        return Head(seq=int(seq), epoch=UUID(epoch), tick=int(tick)), int(gone) if gone else None

    async def forget_gone(self, service: str, group: str) -> None:
        await self._redis.hdel(f"gone:{service}", group)

    async def ask_refill(self, service: str, group: str, first: int) -> None:
        await self._redis.hset(f"refill:{service}", group, str(first))


def _entry_id(text: str) -> tuple[int, int]:
    milliseconds, _, counter = text.partition("-")
    return int(milliseconds), int(counter or 0)
