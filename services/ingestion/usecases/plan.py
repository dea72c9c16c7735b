"""What would a list do? Its rows against the mill's lots for sale, computed anew whenever it matters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from uuid_utils.compat import uuid7

from services.ingestion.domain.batches import ACCEPTABLE, Action, BatchStatus, RowStatus
from services.ingestion.domain.guards import Limits, ListFigures, objections
from services.ingestion.domain.lots import Change, KnownLot, compare, price_ratio
from services.ingestion.parsing.wording import in_language
from services.ingestion.store import batches, comparing, lots, progress, rows
from services.ingestion.store.batches import Batch
from services.ingestion.store.comparing import ComparedRow
from services.ingestion.store.mills import Mill
from services.ingestion.store.rows import LOT
from services.ingestion.usecases.announce import announce
from shared.contracts.types import ItemStatus, LotValues
from shared.db import Conn

LONG_LIST = 5_000
LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Planned:
    row: ComparedRow
    values: LotValues
    lot_key: str
    change: Change


@dataclass(frozen=True, slots=True)
class Plan:
    """``rows`` that can be listed, in the order of the file; ``missing``: keys of lots to be withdrawn."""

    rows: Sequence[Planned]
    missing: Sequence[str]
    known: Mapping[str, KnownLot]
    rejected: int
    repeated: int
    last_place: int


async def plan_batch(conn: Conn, batch: Batch) -> Plan:
    """Compare a batch with what is for sale now; writes nothing."""
    stored = await comparing.compared_rows(conn, batch.batch_id)
    if len(stored) > LONG_LIST:
        await progress.allow_pauses(conn)
    all_rows = [row for row in stored if row.action != Action.WITHDRAW]
    proposed = [row for row in stored if row.action == Action.WITHDRAW and row.lot_key]
    usable = [(row, row.values, row.lot_key) for row in all_rows if row.status in ACCEPTABLE]
    listed = await lots.listed_lots(conn, mill_id=batch.mill_id, header_fingerprint=batch.header_fingerprint or "")
    known = {
        key: KnownLot(LOT.validate_json(one.lot), one.of_this_list, ItemStatus(one.status))
        for key, one in listed.items()
    }
    pairs = [(row, values, key) for row, values, key in usable if values is not None and key is not None]
    kept = [row for row in proposed if row.status == RowStatus.EXCLUDED]  # a person said: it is still there
    mentioned = frozenset(row.lot_key for row in (*all_rows, *kept) if row.status not in ACCEPTABLE and row.lot_key)
    diff = compare(
        [(key, values) for _, values, key in pairs],
        known,
        snapshot=batch.list_mode == "snapshot",
        mentioned=mentioned,
    )
    return Plan(
        rows=[
            Planned(row, values, key, change) for (row, values, key), change in zip(pairs, diff.changes, strict=True)
        ],
        missing=diff.missing,
        known=known,
        rejected=sum(row.status == RowStatus.INVALID for row in all_rows),
        repeated=sum(row.status == RowStatus.DUPLICATE for row in all_rows),
        last_place=max((row.place for row in (*all_rows, *kept)), default=0),
    )


async def save_plan(conn: Conn, batch: Batch, plan: Plan) -> None:
    """Show each row what it will do, with a row of its own for each lot that the list no longer has."""
    await rows.delete_withdrawals(conn, batch.batch_id)
    await rows.insert_withdrawals(
        conn,
        batch_id=batch.batch_id,
        row_ids=[uuid7() for _ in plan.missing],
        lot_keys=plan.missing,
        first_place=plan.last_place + 1,
    )
    await rows.set_plan(
        conn,
        row_ids=[planned.row.row_id for planned in plan.rows],
        actions=[planned.change.action for planned in plan.rows],
        changed=[planned.change.changed for planned in plan.rows],
    )


def reasons_for_review(mill: Mill, found: ListFigures, unsure: Sequence[str]) -> list[str]:
    """Why a person has to look at a list, in the mill's language; none for a list that may be committed at once."""
    reasons = [*unsure, *objections(found, LIMITS)]
    if not mill.approved:
        reasons.append(f"{mill.name} is not approved for trading at the moment.")
    return [in_language(reason, mill.language) for reason in reasons]


async def judge_again(conn: Conn, mill: Mill, batch_id: UUID, *, unsure: Sequence[str]) -> None:
    """A list that a person changed waits on, with every reason there is left."""
    batch = await batches.find_batch(conn, batch_id, mill_id=mill.organization_id)
    if batch is None:
        raise LookupError(f"batch {batch_id} is gone")
    plan = await plan_batch(conn, batch)
    reasons = reasons_for_review(mill, await _figures_of(conn, mill=mill, batch=batch, plan=plan), unsure)
    await save_plan(conn, batch, plan)
    await progress.move(conn, batch_id=batch_id, target=BatchStatus.REVIEW_REQUIRED, reasons=reasons)
    await progress.refresh_figures(conn, batch_id)
    await announce(conn, batch_id, previous=BatchStatus.VALIDATING)


async def _figures_of(conn: Conn, *, mill: Mill, batch: Batch, plan: Plan) -> ListFigures:
    """What the guards of an automatic commit look at."""
    return ListFigures(
        mill_name=mill.name,
        trusted=mill.trusted,
        lots=len(plan.rows),
        rejected=plan.rejected,
        repeated=plan.repeated,
        weight_kg=sum((planned.values.weight_net_kg for planned in plan.rows), Decimal()),
        usual_weight_kg=await batches.usual_weight_kg(
            conn, mill_id=batch.mill_id, header_fingerprint=batch.header_fingerprint or ""
        ),
        known=sum(lot.of_this_list for lot in plan.known.values()),
        missing=len(plan.missing),
        price_ratios=_price_ratios(plan),
    )


def _price_ratios(plan: Plan) -> list[Decimal]:
    updated = [planned for planned in plan.rows if planned.change.action is Action.UPDATE]
    ratios = [price_ratio(plan.known[planned.lot_key].values, planned.values) for planned in updated]
    return [ratio for ratio in ratios if ratio is not None]
