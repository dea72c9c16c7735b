"""Sample mails and lists of two weeks: our own always, the larger collection where this machine has it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from services.ingestion.collecting import collect
from services.ingestion.handlers import on_organization_changed
from shared.contracts.gateway import OrganizationChanged, OrganizationKind, OrganizationStatus
from shared.contracts.ingestion import BatchStatusChanged, RowsAccepted
from tests.integration.ingestion.market import Market
from tests.integration.ingestion.post import Post, mail
from tests.support.market import OWN, samples
from tests.support.tokens import bearer

JSON = dict[str, Any]  # the border: files that people write by hand
LARGER = samples()
NOW = "'2026-11-21 12:00+00'::timestamptz"


@dataclass(frozen=True, slots=True)
class Mailed:
    """One mail and what it must become. ``mill`` is the slug of a sender that was recognised."""

    name: str
    raw: bytes
    outcome: str
    reason: str | None
    batches: int
    mill: str | None
    answered: bool
    datasheets: int = 0


@dataclass(frozen=True, slots=True)
class Weeks:
    """Two lists of one mill. ``changed``: lot numbers to fields; ``automatic``: the second needs no person."""

    folder: Path
    mill: str
    first: Path
    second: Path
    changed: Mapping[str, frozenset[str]]
    unchanged: Sequence[str]
    new: Sequence[str]
    missing: Sequence[str]
    automatic: bool


def _json(path: Path) -> JSON:
    return cast(JSON, json.loads(path.read_text("utf-8")))


def own_mails() -> list[Mailed]:
    """Each list of our market from its mill, once more from a stranger, and once unsigned."""
    content = _json(OWN / "market.json")
    addresses = {mill["id"]: mill["sender_addresses"][0] for mill in content["mills"]}
    found: list[Mailed] = []
    for n, one in enumerate(content["lists"]):
        sender, attached = addresses[one["mill"]], (OWN / one["file"]).read_bytes()
        passed = f"mx.offcut.example; dmarc=pass header.from={sender.partition('@')[2]}"
        for name, raw, outcome, reason, mill in (
            ("own", mail(attached, sender=sender, authentication=passed), "batch", None, one["mill"]),
            ("stranger", mail(attached, sender="x@y.example"), "quarantined", "unknown_sender", None),
            ("unsigned", mail(attached, sender=sender, authentication=None), "quarantined", "dmarc_fail", one["mill"]),
        ):
            marked = raw.replace(b"<1@", f"<{n}-{name}@".encode(), 1)
            is_list = outcome == "batch"
            found.append(Mailed(f"{one['file']} {name}", marked, outcome, reason, int(is_list), mill, is_list))
    return found


def larger_mails(folder: Path) -> list[Mailed]:
    return [
        Mailed(
            name=entry["file"],
            raw=(folder / entry["file"]).read_bytes(),
            outcome=entry["outcome"],
            reason=entry["reason"],
            batches=entry["batches"],
            mill=entry["mill"],
            answered=entry["reply_to_sender"],
            datasheets=entry.get("datasheets", 0),
        )
        for entry in _json(folder / "mails/manifest.json")["mails"]
    ]


def own_weeks() -> Weeks:
    """The later list repeats every lot of the earlier one and adds more."""
    first, second = (OWN / f"lists/steinach_restposten_kw{week}.xlsx" for week in (47, 48))
    before, after = (
        {lot["lot_ref"] for lot in _json(OWN / f"lists/expected/{file.stem}.json")["lots"]} for file in (first, second)
    )
    return Weeks(
        OWN, "steinach", first, second, changed={}, unchanged=sorted(before & after), new=sorted(after - before),
        missing=sorted(before - after), automatic=False,
    )  # fmt: skip


def larger_weeks(folder: Path) -> Weeks:
    first, second = (next((folder / "lists").glob(f"{number}_*")) for number in ("01", "02"))
    diff = _json(folder / "expected/lists/02_saarwinkel_kw47.json")["diff"]
    changed = {change["lot_ref"]: frozenset(change["fields"]) for change in diff["changed"]}
    return Weeks(
        folder, "saarwinkel", first, second, changed=changed, unchanged=sorted(diff["unchanged"]),
        new=sorted(diff["new"]), missing=sorted(diff["missing"]), automatic=True,
    )  # fmt: skip


MAILS = [(OWN, own_mails()), *((folder, larger_mails(folder)) for folder in [LARGER] if folder is not None)]
WEEKS = [own_weeks(), *(larger_weeks(folder) for folder in [LARGER] if folder is not None)]


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


@pytest.mark.parametrize(("folder", "mails"), MAILS, ids=[folder.parent.name for folder, _ in MAILS])
async def test_sample_mails_when_read_in_order_then_each_becomes_what_it_should(
    post: Post, folder: Path, mails: Sequence[Mailed]
) -> None:
    await post.market.set_clock(NOW)
    mills = await _add_mills(post.market, folder)
    await collect(post.market.db, post.market.settings)
    for one in mails:
        await post.arrive(one.raw)
    found = await post.messages()
    for one, message in zip(mails, found, strict=True):
        got = (message["status"], message["reason"], len(cast(list[str], message["batch_ids"])))
        assert got == (one.outcome, one.reason, one.batches), one.name
        assert len(cast(list[str], message["datasheet_ids"])) == one.datasheets, one.name
        if one.mill:
            assert message["mill_id"] == str(mills[one.mill]), one.name
    answered = {event.message_id for event in await post.market.events(BatchStatusChanged) if event.reply_to}
    expected = {UUID(str(message["id"])) for one, message in zip(mails, found, strict=True) if one.answered}
    assert answered == expected
    assert expected


@pytest.mark.parametrize("weeks", WEEKS, ids=lambda weeks: weeks.folder.parent.name)
async def test_sample_list_of_the_next_week_when_compared_then_differs_as_it_should(
    market: Market, weeks: Weeks
) -> None:
    await market.set_clock(NOW)
    mill = (await _add_mills(market, weeks.folder))[weeks.mill]
    await _list_all(market, mill, weeks.first.name, content=weeks.first.read_bytes())
    second = await market.take(weeks.second.read_bytes(), mill=mill, name=weeks.second.name)
    batch = await market.batch(second)
    wanted = "committed" if weeks.automatic else "review_required"
    assert batch["status"] == wanted, batch["reasons"]
    actions = _by_action(await market.rows(second))
    assert actions.get("create", []) == list(weeks.new)
    assert actions.get("confirm", []) == list(weeks.unchanged)
    assert actions.get("update", []) == sorted(weeks.changed)
    assert actions.get("withdraw", []) == list(weeks.missing)
    fields = {_ref(row): frozenset(cast(list[str], row["changed"])) for row in await market.rows(second)}
    assert {lot: fields[lot] for lot in weeks.changed} == weeks.changed


async def _list_all(market: Market, mill: UUID, name: str, *, content: bytes) -> None:
    """Take in a list of which some rows cannot be read, and let its mill commit the others."""
    batch_id = (await market.upload(content, mill=mill, name=name)).json()["id"]
    await market.read_lists()
    before = await market.batch(batch_id)
    assert before["status"] == "review_required"
    async with market.client() as client:
        headers = bearer("mill_user", mill) | {"If-Match": f'"{before["version"]}"', "Idempotency-Key": str(uuid4())}
        done = await client.post(f"/batches/{batch_id}/commits", json={"invalid_rows": "reject"}, headers=headers)
    assert done.status_code == 202, done.text
    await market.answer(await market.events(RowsAccepted))


def _ref(row: Mapping[str, object]) -> str:
    values = cast(dict[str, str] | None, row["values"])
    return values["lot_ref"] if values else str(row["lot_key"]).removeprefix("ref:").upper()


def _by_action(rows: list[dict[str, object]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        if row["action"] is not None:
            found.setdefault(str(row["action"]), []).append(_ref(row))
    return {action: sorted(refs) for action, refs in found.items()}
