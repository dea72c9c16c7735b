"""What the gateway makes of events: history, audit, notifications, and figures of the dashboard, a set at a time."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from gateway.audited import entry_of
from gateway.notices import Notice, notices_of
from gateway.store import audit, events, figures, notifications
from gateway.store.figures import BatchState, DeliveryState, ItemState, WindowState
from gateway.told import ItemsGone, ItemsTold, Told
from shared.contracts import catalog, exclusivity, ingestion, newsletter
from shared.db import Conn, notify

HISTORY = "history"  # NOTIFY channel


async def record(conn: Conn, told: Sequence[Told], *, notice_age_hours_max: int) -> None:
    """Take a batch of events in. The history comes first: its writers take turns, and all else rests on that."""
    await events.append_events(conn, told)
    await audit.add(conn, [entry for one in told if (entry := entry_of(one)) is not None])
    await notifications.tell(conn, _summed(told), age_hours_max=notice_age_hours_max)
    await figures.save_items(conn, _items(told))
    await figures.save_batches(conn, _batches(told))
    await figures.save_windows(conn, _windows(told))
    await figures.save_deliveries(conn, _deliveries(told))
    await notify(conn, HISTORY)


def _summed(told: Sequence[Told]) -> list[Notice]:
    """One notice per reader and matter, with the counts of all."""
    found: dict[tuple[str, UUID | None, UUID | None], Notice] = {}
    for notice in (notice for one in told for notice in notices_of(one)):
        key = (notice.topic, notice.organization_id, notice.person_id)
        known = found.get(key)
        if known is not None and "count" in notice.facts:
            count = int(known.facts["count"]) + int(notice.facts["count"])
            notice = replace(notice, facts={**notice.facts, "count": count})
        found[key] = notice
    return list(found.values())


def _items(told: Sequence[Told]) -> list[ItemState]:
    """The newest state of every item; of two that say the same version, the later event."""
    newest: dict[UUID, ItemState] = {}

    def keep(item_id: UUID, mill_id: UUID, version: int, status: str) -> None:
        known = newest.get(item_id)
        if known is None or known.version <= version:
            newest[item_id] = ItemState(item_id, mill_id, version, status)

    for one in told:
        match one.body:
            case ItemsTold() as listed:
                for item in listed.items:
                    keep(item.item_id, listed.mill_id, item.version, item.status)
            case ItemsGone() as gone:
                for item in gone.items:
                    keep(item.item_id, gone.mill_id, item.version, item.reason)
            case catalog.ItemReserved() as reserved:
                keep(reserved.item_id, reserved.mill_id, reserved.version, "reserved")
            case catalog.ItemReleased() as released:
                keep(released.item_id, released.mill_id, released.version, "available")
            case _:
                pass
    return list(newest.values())


def _batches(told: Sequence[Told]) -> list[BatchState]:
    states: dict[UUID, BatchState] = {}
    for one in told:
        at = one.envelope.occurred_at
        match one.body:
            case ingestion.BatchStatusChanged() as batch:
                known = states.get(batch.batch_id) or BatchState(batch.batch_id, batch.mill_id, None, None, at, None)
                if known.version is None or known.version <= batch.version:
                    known = replace(known, version=batch.version, status=batch.status)
                states[batch.batch_id] = replace(known, received_at=min(known.received_at or at, at))
            case ItemsTold() as listed if listed.batch_id is not None and _ends_a_list(one, listed):
                found = BatchState(listed.batch_id, listed.mill_id, None, None, None, at)
                states[listed.batch_id] = replace(states.get(listed.batch_id, found), listed_at=at)
            case _:
                pass
    return list(states.values())


def _ends_a_list(one: Told, listed: ItemsTold) -> bool:
    return one.envelope.type == catalog.ItemsListed.TYPE and listed.part == listed.parts


def _windows(told: Sequence[Told]) -> list[WindowState]:
    states: dict[UUID, WindowState] = {}
    for body in (one.body for one in told):
        if isinstance(body, exclusivity.WindowGranted | exclusivity.WindowExtended | exclusivity.WindowClosed):
            first = WindowState(body.window_id, body.item_id, body.mill_id, body.buyer_id)
            state = states.get(body.window_id, first)
            match body:
                case exclusivity.WindowGranted():
                    state = replace(state, grant_number=body.grant_number, expires_at=body.expires_at)
                case exclusivity.WindowExtended():
                    state = replace(state, expires_at=body.expires_at)
                case exclusivity.WindowClosed():
                    state = replace(state, outcome=body.outcome)
            states[body.window_id] = state
    return list(states.values())


def _deliveries(told: Sequence[Told]) -> list[DeliveryState]:
    """Steps of newsletter mails that people made; machines that look at mails are not readers."""
    states: dict[UUID, DeliveryState] = {}
    for body in (one.body for one in told):
        for step in body.deliveries if isinstance(body, newsletter.DeliveriesProgressed) else ():
            bit = figures.STEPS.get(step.state, 0)
            if bit and step.issue_id is not None and not step.machine:
                known = states.get(step.delivery_id)
                before, day = (known.steps, known.day) if known else (0, step.at.date())
                states[step.delivery_id] = DeliveryState(step.delivery_id, step.user_id, before | bit, day)
    return list(states.values())
