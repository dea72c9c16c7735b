"""Kills and wipes in the middle of the main job, with proof that there was work in flight."""

import os
import signal
import time
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import LiteralString, cast
from uuid import uuid4

import psycopg
from redis import Redis

from deploy.configure import DATABASE
from deploy.layout import SERVICES
from tests.support.letters import Letter
from tests.support.marketplace import Marketplace
from tests.support.small_market import list_of, refs, small_market
from tests.support.wait import until_sync

LOTS = 12  # per list
BUYERS = 4
LISTS_PER_KILL_MAX = 8
LOOK_SECONDS = 6.0  # a service upstream may just be coming back from its own death
NAME = "unruh"
WORKERS = ("ingestion", "catalog", "matching", "exclusivity", "newsletter", "gateway")

# Whether a service has events it has not sent, or has not yet read what others sent.
BEHIND = """
    SELECT EXISTS (SELECT FROM {service}.outbox)
        OR EXISTS (
            SELECT FROM {service}.subscription AS state JOIN ({heads}) AS head USING (stream)
            WHERE head.seq > state.applied_seq)
"""

# What a dead process had in hand is free at once: its lease is longer than a test may take.
LEASES: dict[LiteralString, tuple[LiteralString, ...]] = {
    "newsletter": ("UPDATE newsletter.delivery SET next_attempt_at = now() WHERE status = 'sending'",),
    "ingestion": (
        "UPDATE ingestion.batch SET leased_until = now() WHERE leased_until > now()",
        "UPDATE ingestion.inbound_message SET leased_until = now() WHERE leased_until > now()",
    ),
}


@dataclass
class Disturbance:
    """A market whose lists keep coming while something dies; every buyer asks for every lot by himself."""

    place: Marketplace
    batches: list[str] = field(default_factory=list[str])
    wiped_with: int = 0

    def open(self) -> None:
        self.place.load(small_market(NAME, grade_code="PARCHMENT", buyers=BUYERS, cadence="on_match", auto=True))

    def send_list(self) -> None:
        number = len(self.batches)
        content = list_of(refs(f"P{number}", LOTS), grade="Parchment", gsm=50 + number % 60)
        answer = self.place.upload(f"{NAME}-mill", content, name=f"{uuid4()}.csv", list_mode="append")
        self.batches.append(answer.raise_for_status().json()["id"])

    def kill_in_flight(self, service: str) -> None:
        """Kill a worker at a moment at which it has work, with lists coming until there is one."""
        pid = self.place.pid_of(f"{service}-worker")
        with self._admin() as admin:
            for _ in range(LISTS_PER_KILL_MAX):
                self.send_list()
                give_up = time.monotonic() + LOOK_SECONDS
                while time.monotonic() < give_up:
                    if self._behind(admin, service):
                        os.kill(pid, signal.SIGKILL)
                        return
        states = [self.place.admin.get(f"/batches/{one}")["status"] for one in self.batches]
        raise AssertionError(f"{service}-worker was never seen at work: {states} {self.place.unrest()}")

    def wipe_with_a_backlog(self) -> None:
        """Kill matching's worker, and wipe Redis when there are events in it that matching has not read."""
        os.kill(self.place.pid_of("matching-worker"), signal.SIGKILL)
        url = self.place.system.layout.secrets()["OFFCUT_REDIS_URL"]
        with self._admin() as admin, Redis.from_url(url) as redis:  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
            self.send_list()

            def backlog() -> int:
                head, sent, read = self._distance(admin, redis)
                return head - read if sent >= head > read else 0

            self.wiped_with = until_sync(backlog, deadline_s=10, what="sent events that matching has not read")
            redis.flushall()  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
            self.send_list()

    def _distance(self, admin: psycopg.Connection, redis: Redis) -> tuple[int, int, int]:
        """Of catalog's events: numbered, in the stream, and read by matching."""
        row = admin.execute(
            "SELECT head.seq, state.applied_seq FROM catalog.stream_head AS head"
            " JOIN matching.subscription AS state USING (stream)"
        ).fetchone()
        assert row is not None
        newest = cast(list[tuple[bytes, dict[bytes, bytes]]], redis.xrevrange("events.catalog", count=1))
        return row[0], int(newest[0][1][b"seq"]) if newest else 0, row[1]

    @contextmanager
    def _admin(self) -> Generator[psycopg.Connection]:
        layout = self.place.system.layout
        login = f"postgres:{layout.secrets()['OFFCUT_POSTGRES_PASSWORD']}"
        url = f"postgresql://{login}@127.0.0.1:{layout.port('postgres')}/{DATABASE}"
        with psycopg.connect(url, autocommit=True) as admin:
            yield admin

    def _behind(self, admin: psycopg.Connection, service: str) -> bool:
        heads = " UNION ALL ".join(f"SELECT stream, seq FROM {one}.stream_head" for one in SERVICES)
        row = admin.execute(BEHIND.format(service=service, heads=heads).encode()).fetchone()
        return row is not None and bool(row[0])

    def settle(self, *, deadline_s: float = 60) -> None:
        """Wait until everything has had its effect, and send what on_match left over."""
        self._end_leases()
        self.place.wait_until_quiet(deadline_s=deadline_s)
        until_sync(lambda: self.place.matched(self.batches), deadline_s=deadline_s, what="the matches of all lists")
        self.place.wait_until_quiet(deadline_s=deadline_s)  # matches are events, too: windows follow from them
        for buyer in self.buyers:
            self.place.send_issues(buyer)
        self.place.wait_until_sent(deadline_s=deadline_s)

    def _end_leases(self) -> None:
        """Who was killed with a mail or a list in hand has it for minutes yet; a test does not wait for that."""
        for service, statements in LEASES.items():
            url = self.place.system.layout.secrets()[f"OFFCUT_{service.upper()}_DATABASE_URL"]
            with psycopg.connect(url) as conn:
                for statement in statements:
                    conn.execute(statement)

    @property
    def buyers(self) -> list[str]:
        return [f"{NAME}-{n}" for n in range(1, BUYERS + 1)]

    @property
    def lots_sent(self) -> int:
        return LOTS * len(self.batches)

    def lots(self) -> list[str]:
        return [str(one["lot_ref"]) for one in self.place.client(f"{NAME}-mill").every("/items")]

    def matches(self) -> Mapping[tuple[str, str], int]:
        """How often each lot was matched to each buyer."""
        return Counter(
            (buyer, one["item_id"]) for buyer in self.buyers for one in self.place.client(buyer).every("/matches")
        )

    def windows(self) -> Mapping[str, int]:
        return Counter(one["item_id"] for one in self.place.client(f"{NAME}-mill").every("/windows"))

    def newsletters(self, buyer: str) -> list[Letter]:
        """Each mail once: one that was accepted just before a death is sent again under the same Message-ID."""
        sent = {one.message_id: one for one in self.place.letters(buyer) if one.is_newsletter}
        return list(sent.values())
