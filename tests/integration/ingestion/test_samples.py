"""The collection of sample mails, where this machine has it: each becomes what its manifest says."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

from services.ingestion.collecting import collect
from services.ingestion.handlers import on_organization_changed
from shared.contracts.gateway import OrganizationChanged, OrganizationKind, OrganizationStatus
from shared.contracts.ingestion import BatchStatusChanged, RowsAccepted
from tests.integration.ingestion.market import Market
from tests.integration.ingestion.test_mail import Post, post
from tests.support.market import samples
from tests.support.tokens import bearer

__all__ = ["post"]
JSON = dict[str, Any]  # the border: files that people write by hand


def _json(path: Path) -> JSON:
    return cast(JSON, json.loads(path.read_text("utf-8")))


async def _add_mills(market: Market, folder: Path) -> dict[str, UUID]:
    ids: dict[str, UUID] = {}
    for mill in _json(folder / "market.json")["mills"]:
        ids[mill["id"]] = uuid4()
        event = OrganizationChanged(
            organization_id=ids[mill["id"]],
            version=1,
            kind=OrganizationKind.MILL,
            name=mill["name"],
            slug=mill["id"],
            status=OrganizationStatus.APPROVED,
            country=mill["country"],
            language=mill["language"],
            time_zone=mill["time_zone"],
            currency="USD" if mill["country"] == "US" else "EUR",
            trusted=mill["trusted"],
            sender_addresses=tuple(mill["sender_addresses"]),
            sender_domains=(mill["domain"],),
        )
        async with market.db.transaction() as conn:
            await on_organization_changed(conn, [event])
    return ids


async def test_sample_mails_when_read_in_order_then_each_becomes_what_it_should(post: Post) -> None:
    folder = samples()
    if folder is None:
        return
    await post.market.set_clock("'2026-11-21 12:00+00'::timestamptz")
    mills = await _add_mills(post.market, folder)
    manifest = _json(folder / "mails/manifest.json")["mails"]
    await collect(post.market.db, post.market.settings)
    for entry in manifest:
        await post.arrive((folder / entry["file"]).read_bytes())
    found = await post.messages()
    for entry, message in zip(manifest, found, strict=True):
        wanted = (entry["outcome"], entry["reason"], entry["batches"])
        got = (message["status"], message["reason"], len(cast(list[str], message["batch_ids"])))
        assert got == wanted, entry["file"]
        if entry["mill"]:
            assert message["mill_id"] == str(mills[entry["mill"]]), entry["file"]
    answered = {event.message_id for event in await post.market.events(BatchStatusChanged) if event.reply_to}
    expected = {
        UUID(str(message["id"])) for entry, message in zip(manifest, found, strict=True) if entry["reply_to_sender"]
    }
    assert answered == expected


async def test_sample_list_of_the_next_week_when_compared_then_differs_as_it_should(market: Market) -> None:
    folder = samples()
    if folder is None:
        return
    await market.set_clock("'2026-11-21 12:00+00'::timestamptz")
    mills = await _add_mills(market, folder)
    mill = mills["saarwinkel"]
    lists = {name: next((folder / "lists").glob(f"{name}_*")) for name in ("01", "02")}
    first = (await market.upload(lists["01"].read_bytes(), mill=mill, name=lists["01"].name)).json()["id"]
    await market.read_lists()
    before = await market.batch(first)
    assert before["status"] == "review_required"  # 6 of 66 rows cannot be read
    async with market.client() as client:
        headers = bearer("mill_user", mill) | {"If-Match": f'"{before["version"]}"', "Idempotency-Key": str(uuid4())}
        done = await client.post(f"/batches/{first}/commits", json={"invalid_rows": "reject"}, headers=headers)
    assert done.status_code == 202, done.text
    await market.answer(await market.events(RowsAccepted))
    second = await market.take(lists["02"].read_bytes(), mill=mill, name=lists["02"].name)
    batch = await market.batch(second)
    assert batch["status"] == "committed", batch["reasons"]
    expected = _json(folder / "expected/lists/02_saarwinkel_kw47.json")["diff"]
    assert _by_action(await market.rows(second)) == {
        "create": sorted(expected["new"]),
        "update": sorted(change["lot_ref"] for change in expected["changed"]),
        "confirm": sorted(expected["unchanged"]),
        "withdraw": sorted(expected["missing"]),
    }
    fields = {str(_ref(row)): set(cast(list[str], row["changed"])) for row in await market.rows(second)}
    for change in expected["changed"]:
        assert fields[change["lot_ref"]] == set(change["fields"]), change["lot_ref"]


def _ref(row: Mapping[str, object]) -> str:
    values = cast(dict[str, str] | None, row["values"])
    return values["lot_ref"] if values else str(row["lot_key"]).removeprefix("ref:").upper()


def _by_action(rows: list[dict[str, object]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        if row["action"] is not None:
            found.setdefault(str(row["action"]), []).append(_ref(row))
    return {action: sorted(refs) for action, refs in found.items()}
