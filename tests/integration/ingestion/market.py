"""What the tests of ingestion talk about: mills, lists, and a catalog that answers as ours does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID, uuid4

import httpx

from services.ingestion.handlers import on_items_listed, on_organization_changed, on_rows_applied
from services.ingestion.main import build
from services.ingestion.reading import Reader
from services.ingestion.settings import IngestionSettings
from services.ingestion.working import read_next_list, read_next_mail
from shared.contracts import BY_TYPE
from shared.contracts.base import Event
from shared.contracts.catalog import AppliedRow, ItemsListed, ItemSnapshot, ItemStatus, RowOutcome, RowsApplied
from shared.contracts.gateway import OrganizationChanged, OrganizationKind, OrganizationStatus
from shared.contracts.ingestion import RowAction, RowsAccepted
from shared.db import Database, execute, fetch_all
from tests.support.doors import api_client
from tests.support.tokens import bearer

E = TypeVar("E", bound=Event)

HEADER = "Lot;Grade;gsm;Width mm;Dia mm;Core mm;Reels;Weight kg;Quality class;Price EUR/t"
OUTCOMES = {
    RowAction.CREATE: RowOutcome.CREATED,
    RowAction.UPDATE: RowOutcome.UPDATED,
    RowAction.CONFIRM: RowOutcome.CONFIRMED,
    RowAction.WITHDRAW: RowOutcome.WITHDRAWN,
    RowAction.REVERT: RowOutcome.REVERTED,
}


def line(ref: str, *, gsm: object = 120, width: int = 1500, price: object = 500, grade: str = "Testliner 2") -> str:
    """Five reels of 1200 mm, with the weight such reels have."""
    return f"{ref};{grade};{gsm};{width};1200;100;5;{round(width * 3.8)};A;{price}"


def csv_list(*lines: str, header: str = HEADER) -> bytes:
    return "\r\n".join((header, *lines, "")).encode()


def usual_list(count: int = 20) -> list[str]:
    return [line(f"L-{n:03}", width=1000 + 10 * (n % 300)) for n in range(1, count + 1)]


@dataclass(slots=True)
class Market:
    db: Database
    settings: IngestionSettings
    reader: Reader
    trusted: UUID = field(default_factory=uuid4)
    untrusted: UUID = field(default_factory=uuid4)
    operator: UUID = field(default_factory=uuid4)
    items: dict[tuple[UUID, str], UUID] = field(default_factory=dict[tuple[UUID, str], UUID])
    versions: dict[UUID, int] = field(default_factory=dict[UUID, int])

    def client(self) -> httpx.AsyncClient:
        return api_client(build(self.settings), self.db)

    async def add_mill(
        self,
        mill_id: UUID,
        *,
        slug: str,
        domain: str,
        trusted: bool,
        status: OrganizationStatus = OrganizationStatus.APPROVED,
        version: int = 1,
    ) -> None:
        event = OrganizationChanged(
            organization_id=mill_id,
            version=version,
            kind=OrganizationKind.MILL,
            name=slug.title(),
            slug=slug,
            status=status,
            country="DE",
            language="de",
            time_zone="Europe/Berlin",
            currency="EUR",
            trusted=trusted,
            sender_addresses=(f"sales@{domain}",),
            sender_domains=(domain,),
        )
        async with self.db.transaction() as conn:
            await on_organization_changed(conn, [event])

    async def upload(
        self, content: bytes, *, mill: UUID | None = None, name: str = "list.csv", **form: str
    ) -> httpx.Response:
        async with self.client() as client:
            return await client.post(
                "/batches",
                files={"file": (name, content)},
                data=form,
                headers=bearer("mill_user", mill or self.trusted) | {"Idempotency-Key": str(uuid4())},
            )

    async def read_lists(self) -> None:
        """Read every list that is due."""
        while await read_next_list(self.db, self.settings, self.reader):
            pass

    async def read_mails(self) -> None:
        while await read_next_mail(self.db, self.settings, self.reader):
            pass

    async def events(self, kind: type[E]) -> list[E]:
        """What was published, in order."""

        @dataclass(frozen=True, slots=True)
        class Stored:
            type: str
            body: str

        async with self.db.transaction() as conn:
            stored = await fetch_all(
                conn, Stored, "SELECT type, body FROM outbox WHERE type = %(type)s ORDER BY id", {"type": kind.TYPE}
            )
        events = [BY_TYPE[one.type].event.model_validate_json(one.body) for one in stored]
        return [event for event in events if isinstance(event, kind)]

    async def answer(self, parts: Sequence[RowsAccepted], *, listed: bool = True) -> None:
        """Answer as catalog does: every row of every part, then the items that are for sale now."""
        for part in parts:
            applied = RowsApplied(
                batch_id=part.batch_id,
                mill_id=part.mill_id,
                part=part.part,
                parts=part.parts,
                rows=tuple(
                    AppliedRow(
                        row_id=row.row_id,
                        lot_key=row.lot_key,
                        item_id=self.items.setdefault((part.mill_id, row.lot_key), uuid4()),
                        outcome=OUTCOMES[row.action],
                    )
                    for row in part.rows
                ),
            )
            async with self.db.transaction() as conn:
                await on_rows_applied(conn, [applied])
                if listed:
                    await on_items_listed(conn, [self._listing(part)])

    def _listing(self, part: RowsAccepted) -> ItemsListed:
        items: list[ItemSnapshot] = []
        for row in part.rows:
            if row.values is None:
                continue
            item_id = self.items[part.mill_id, row.lot_key]
            self.versions[item_id] = self.versions.get(item_id, 0) + 1
            items.append(
                ItemSnapshot(
                    item_id=item_id,
                    lot_key=row.lot_key,
                    mill_id=part.mill_id,
                    version=self.versions[item_id],
                    listing_cycle=1,
                    status=ItemStatus.AVAILABLE,
                    values=row.values,
                    listed_at=datetime.now(UTC),
                )
            )
        return ItemsListed(
            mill_id=part.mill_id, batch_id=part.batch_id, part=part.part, parts=part.parts, items=tuple(items)
        )

    async def take(self, content: bytes, *, mill: UUID | None = None, name: str = "list.csv") -> UUID:
        """Upload, read, and let catalog answer what was committed; the batch."""
        response = await self.upload(content, mill=mill, name=name)
        assert response.status_code == 202, response.text
        await self.read_lists()
        batch_id = UUID(response.json()["id"])
        await self.answer([part for part in await self.events(RowsAccepted) if part.batch_id == batch_id])
        return batch_id

    async def batch(self, batch_id: UUID | str) -> Mapping[str, object]:
        async with self.client() as client:
            response = await client.get(f"/batches/{batch_id}", headers=bearer("admin", self.operator))
        assert response.status_code == 200, response.text
        return response.json()

    async def rows(self, batch_id: UUID | str, **filters: str) -> list[dict[str, object]]:
        async with self.client() as client:
            response = await client.get(
                f"/batches/{batch_id}/rows", params={"limit": "200", **filters}, headers=bearer("admin", self.operator)
            )
        assert response.status_code == 200, response.text
        return response.json()["items"]

    async def set_clock(self, expression: str) -> None:
        """Move the clock that decides; ``expression`` is ours, not input."""
        async with self.db.transaction() as conn:
            await conn.execute(
                "CREATE OR REPLACE FUNCTION clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT "  # pyright: ignore[reportArgumentType, reportCallIssue] – a text of the test, not a literal
                + expression
                + " $$"
            )

    async def execute(self, query: str, **params: object) -> int:
        async with self.db.transaction() as conn:
            return await execute(conn, query, params)  # pyright: ignore[reportArgumentType] – a text of the test, not a literal
