"""What data sheets say, with the items they speak of: who sees what, and which version counts."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from services.catalog.handlers import (
    on_datasheets_approved,
    on_matches_found,
    on_windows_closed,
    on_windows_granted,
)
from services.catalog.usecases.views import see_item
from shared.contracts.exclusivity import WindowOutcome
from shared.contracts.gateway import Role
from shared.contracts.ingestion import DatasheetApproved, DatasheetValue
from shared.db import Conn
from tests.integration.catalog.conftest import Market, forget, told
from tests.integration.catalog.test_visibility import IN_TWO_DAYS, one_item, person
from tests.support.lots import closed, granted, match_found


def value(name: str, number: str, *, gsm: str | None = "112", unit: str = "kPa") -> DatasheetValue:
    weight = None if gsm is None else Decimal(gsm)
    return DatasheetValue(gsm=weight, property=name, value=Decimal(number), unit=unit, page=1, tolerance="± 5 %")


def approved(
    market: Market, *items: UUID, sheet: UUID | None = None, version: int = 2, **more: Any
) -> DatasheetApproved:
    values = (value("burst", "560"), value("burst", "610", gsm="125"), value("moisture", "7.5", gsm=None, unit="%"))
    given: dict[str, Any] = {"values": values, "product": "Nordliner", "file_name": "Nord Mill TDS.pdf", **more}
    return DatasheetApproved(
        datasheet_id=sheet or uuid4(), mill_id=market.mill, version=version, item_ids=items, **given
    )


async def sheets_of(conn: Conn, item_id: UUID, organization_id: UUID, role: Role = Role.BUYER_USER) -> Any:
    found = await see_item(conn, actor=person(organization_id, role), item_id=item_id)
    assert found is not None
    assert ("datasheets" in found[0]["redacted"]) == (found[0]["datasheets"] is None)
    return found[0]["datasheets"]


async def test_values_when_a_buyer_is_matched_then_shown_and_the_file_only_to_who_holds(
    conn: Conn, market: Market
) -> None:
    item_id = await one_item(conn, market)
    event = approved(market, item_id)
    await on_datasheets_approved(conn, [event])
    path = f"/mvp/api/datasheets/{event.datasheet_id}/file"

    assert await sheets_of(conn, item_id, market.other_buyer) is None
    await on_matches_found(conn, [match_found(item_id, market.mill, market.buyer)])
    (matched,) = await sheets_of(conn, item_id, market.buyer)
    assert [(one["property"], one["value"], one["unit"]) for one in matched["values"]] == [
        ("burst", "560", "kPa"),
        ("moisture", "7.5", "%"),
    ]
    assert (matched["product"], matched["file"], matched["file_name"]) == ("Nordliner", None, None)
    window = granted(item_id, market.mill, market.buyer, expires_at=IN_TWO_DAYS)
    await on_windows_granted(conn, [window])
    (holding,) = await sheets_of(conn, item_id, market.buyer)
    assert (holding["file"], holding["file_name"]) == (path, "Nord Mill TDS.pdf")
    (own,) = await sheets_of(conn, item_id, market.mill, Role.MILL_USER)
    assert own["file"] == path
    await on_windows_closed(conn, [closed(window, WindowOutcome.RELEASED)])
    (former,) = await sheets_of(conn, item_id, market.buyer)
    assert (former["file"], former["file_name"], len(former["values"])) == (None, None, 2)


async def test_sheet_when_it_comes_late_twice_or_replaced_then_the_newest_counts(conn: Conn, market: Market) -> None:
    item_id = await one_item(conn, market)
    old, sheet = uuid4(), uuid4()
    second = approved(market, item_id, sheet=sheet, version=3, values=(value("burst", "570"),), replaces=(old,))
    await on_datasheets_approved(conn, [second, approved(market, item_id, sheet=sheet, version=2), second])
    await on_datasheets_approved(conn, [approved(market, item_id, sheet=old, version=9)])
    found = await sheets_of(conn, item_id, market.mill, Role.MILL_USER)
    assert [(one["id"], one["values"][0]["value"]) for one in found] == [(str(sheet), "570")]
    await on_datasheets_approved(conn, [approved(market, sheet=sheet, version=4)])
    assert await sheets_of(conn, item_id, market.mill, Role.MILL_USER) == []


async def test_item_when_its_sheet_changes_then_has_a_new_version_that_others_hear_of(
    conn: Conn, market: Market
) -> None:
    item_id = await one_item(conn, market)
    await forget(conn)
    event = approved(market, item_id)
    await on_datasheets_approved(conn, [event, event])
    (changed,) = await told(conn, "catalog.items.changed.v1")
    assert changed["changed"] == {str(item_id): ["datasheets"]}
    assert [item["version"] for item in changed["items"]] == [2]


async def test_sheet_when_of_another_mill_then_not_shown(conn: Conn, market: Market) -> None:
    item_id = await one_item(conn, market)
    stranger = approved(market, item_id).model_copy(update={"mill_id": uuid4()})
    await forget(conn)
    await on_datasheets_approved(conn, [stranger])
    assert await sheets_of(conn, item_id, market.mill, Role.MILL_USER) == []
    assert await told(conn, "catalog.items.changed.v1") == []
