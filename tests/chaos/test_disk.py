"""A disk is full while lists are sent: a refusal that says so, nothing half kept, and everything else goes on."""

import io
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID, uuid4

import aiohttp
import pytest

from services.ingestion.handlers import on_organization_changed
from shared.contracts.gateway import OrganizationChanged, OrganizationKind, OrganizationStatus
from shared.db import Database
from tests.chaos.servers import Servers, SmallDisk
from tests.support.database import opened
from tests.support.disk import full, small_disk
from tests.support.processes import running
from tests.support.tokens import bearer

pytestmark = pytest.mark.mounts

MIB = 1 << 20
BYTES = 3 * MIB  # more than is held in memory while it is sent: it waits in a file


@dataclass(frozen=True, slots=True)
class Desk:
    """A mill at the API of ingestion."""

    session: aiohttp.ClientSession
    db: Database
    mill_id: UUID = field(default_factory=uuid4)

    async def send(self, path: str = "/batches", *, key: str, size: int = BYTES) -> tuple[int, Any]:
        begin = b"%PDF-1.7" if path == "/datasheets" else b"Grade;gsm"
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(begin + key.encode() * (size // len(key))), filename="a file")
        headers = bearer("mill_user", self.mill_id) | {"Idempotency-Key": key}
        async with self.session.post(f"/mvp/api{path}", data=form, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def kept(self) -> int:
        """Lists with their files, as people see them."""
        async with self.session.get("/mvp/api/batches", headers=bearer("mill_user", self.mill_id)) as answer:
            assert answer.status == 200, await answer.text()
            shown = len((await answer.json())["items"])
        async with self.db.transaction() as conn:
            row = await (await conn.execute("SELECT count(*) FROM batch_file")).fetchone()
        assert row == (shown,)
        return shown


@asynccontextmanager
async def a_desk(url: str, *, log: BinaryIO | None = None, **given: str) -> AsyncGenerator[Desk]:
    async with (
        opened(url, "ingestion") as db,
        running(db, "main", log=log, **given) as api,
        aiohttp.ClientSession(api.address) as session,
    ):
        desk = Desk(session, db)
        mill = OrganizationChanged(
            organization_id=desk.mill_id, version=1, kind=OrganizationKind.MILL, name="Mill", slug="mill",
            status=OrganizationStatus.APPROVED, country="DE", language="de", time_zone="Europe/Berlin", currency="EUR",
        )  # fmt: skip
        async with db.transaction() as conn:
            await on_organization_changed(conn, [mill])
        yield desk


async def test_list_when_the_disk_it_waits_on_is_full_and_that_of_the_log_then_refused_in_words_and_taken_later(
    servers: Servers, tmp_path: Path
) -> None:
    with servers.database("ingestion") as url, small_disk(tmp_path, size=8 * MIB):
        with (tmp_path / "log").open("wb") as log:
            async with a_desk(url, log=log, TMPDIR=str(tmp_path)) as desk:
                assert (await desk.send(key="sent before the disk was full"))[0] == 202
                with full(tmp_path):
                    for path in ("/batches", "/datasheets"):
                        status, problem = await desk.send(path, key=f"sent in vain to {path}")
                        assert (status, problem["code"]) == (503, "no_room"), problem
                        assert "send it again later" in problem["detail"]
                    assert await desk.kept() == 1
                    assert (await desk.send(key="small enough for memory", size=MIB // 2))[0] == 202
                assert (await desk.send(key="sent in vain to /batches"))[0] == 202
                assert await desk.kept() == 3
        assert os.listdir(tmp_path) == ["log"]


async def test_list_when_the_disk_of_the_database_is_full_then_refused_in_words_and_taken_later(
    servers: Servers, small_disk: SmallDisk
) -> None:
    with servers.database("ingestion", tablespace=small_disk.tablespace) as url:
        async with a_desk(url) as desk:
            assert (await desk.send(key="sent before the disk was full"))[0] == 202
            with full(small_disk.folder):
                status, problem = await desk.send(key="sent while it was full")
                assert (status, problem["code"]) == (503, "no_room"), problem
                assert await desk.kept() == 1
            assert (await desk.send(key="sent while it was full"))[0] == 202
            assert await desk.kept() == 2
