"""Doors and refusals of the API."""

from typing import cast
from uuid import uuid4

import httpx
import pytest

from services.ingestion.domain.files import FileKind
from shared.contracts.gateway import OrganizationStatus
from shared.contracts.ingestion import BatchStatusChanged, RatesChanged
from tests.integration.ingestion.market import Market, csv_list, usual_list
from tests.integration.ingestion.people import call, key, mill, reviewed
from tests.support.tokens import bearer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        pytest.param(b"", 422, "empty_file", id="empty"),
        pytest.param(b" \r\n\r\n", 422, "empty_file", id="blank"),
        pytest.param(PNG, 415, "unsupported_media_type", id="picture-named-xlsx"),
        pytest.param(b"%PDF-1.7 ...", 415, "unsupported_media_type", id="pdf"),
        pytest.param(b"PK\x03\x04 some other archive", 415, "unsupported_media_type", id="zip"),
    ],
)
async def test_upload_of_what_is_no_list_when_sent_then_is_refused_with_words(
    market: Market, content: bytes, status: int, code: str
) -> None:
    response = await market.upload(content, name="Surplus.xlsx")
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(csv_list(), id="header-without-rows"),
        pytest.param(b"Dear all,\nplease find our list attached.\n", id="prose"),
        pytest.param(b"PK\x03\x04" + b"xl/workbook.xml" * 20, id="broken-xlsx"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), id="broken-or-encrypted-xls"),
    ],
)
async def test_file_without_a_list_when_read_then_the_batch_fails_with_a_reason(market: Market, content: bytes) -> None:
    response = await market.upload(content)
    assert response.status_code == 202
    await market.read_lists()
    batch = await market.batch(response.json()["id"])
    assert batch["status"] == "failed"
    assert batch["reasons"]
    assert (await market.events(BatchStatusChanged))[-1].reasons == tuple(cast(list[str], batch["reasons"]))


async def test_upload_when_sent_again_with_its_key_then_is_the_same_batch_and_another_file_is_refused(
    market: Market,
) -> None:
    """Each time with another boundary between the parts, as HTTP clients draw it."""
    content = b"Grade;gsm\r\n" + b"Kraft;80\r\n" * 200_000  # long enough to wait in a file
    headers = bearer("mill_user", market.trusted) | {"Idempotency-Key": str(uuid4())}

    async def send(content: bytes, name: str = "list.csv", **form: str) -> httpx.Response:
        async with market.client() as client:
            return await client.post("/batches", files={"file": (name, content)}, data=form, headers=headers)

    first, again = await send(content, list_mode="append"), await send(content, list_mode="append")
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    for other in (
        await send(content[:-2] + b"\r\n\r\n", list_mode="append"),
        await send(content, list_mode="snapshot"),
        await send(content, "another.csv", list_mode="append"),
    ):
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len([event for event in await market.events(BatchStatusChanged) if event.status == "received"]) == 1


async def test_upload_over_the_limit_when_sent_then_is_refused(market: Market) -> None:
    response = await market.upload(b"a;b\n" * (7 * 1024 * 1024))
    assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")
    almost = await market.upload(b"a;b\n" * (25 * 1024 * 256 + 1))
    assert (almost.status_code, almost.json()["code"]) == (413, "payload_too_large")


async def test_json_over_the_limit_when_sent_then_is_refused(market: Market) -> None:
    async with market.client() as client:
        response = await client.post(
            f"/batches/{uuid4()}/commits",
            content=b" " * (2 << 20),
            headers=mill(market, 1) | key() | {"Content-Type": "application/json"},
        )
    assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")


async def test_upload_when_accepted_then_answers_202_with_the_place_to_ask(market: Market) -> None:
    response = await market.upload(csv_list(*usual_list()))
    assert response.status_code == 202
    assert response.headers["location"] == f"/mvp/api/batches/{response.json()['id']}"
    assert response.json()["status"] == "received"


async def test_same_file_when_sent_again_then_is_a_duplicate_unless_forced(market: Market) -> None:
    content = csv_list(*usual_list())
    first = await market.take(content)
    again = (await market.upload(content)).json()
    assert (again["status"], again["duplicate_of"]) == ("duplicate", str(first))
    assert again["reasons"]
    forced = await market.upload(content, force="true")
    await market.read_lists()
    assert (await market.batch(forced.json()["id"]))["changes"] == {"confirm": 20}


async def test_repeated_request_when_the_key_is_the_same_then_makes_one_batch(market: Market) -> None:
    headers = bearer("mill_user", market.trusted) | key()
    files = {"file": ("list.csv", csv_list(*usual_list()))}
    async with market.client() as client:
        request = client.build_request("POST", "/batches", files=files, headers=headers)
        content, kind = request.read(), request.headers["content-type"]
        answers = [
            await client.post("/batches", content=content, headers=headers | {"Content-Type": kind}) for _ in range(2)
        ]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotency-replayed"] == "true"


async def test_batch_of_another_mill_when_asked_for_then_is_not_there(market: Market) -> None:
    batch_id, version = await reviewed(market, *usual_list())
    stranger = bearer("mill_user", market.trusted)
    for path in ("", "/rows", "/file", "/preview"):
        assert (await call(market, "GET", f"/batches/{batch_id}{path}", stranger)).status_code == 404
    changing = stranger | {"If-Match": f'"{version}"'} | key()
    assert (await call(market, "POST", f"/batches/{batch_id}/commits", changing, {})).status_code == 404
    page = (await call(market, "GET", f"/batches?mill_id={market.untrusted}", stranger)).json()
    assert page["items"] == []


@pytest.mark.parametrize("path", ["/batches", "/inbound-messages", "/mailboxes"])
async def test_buyer_when_he_knocks_then_is_not_allowed(market: Market, path: str) -> None:
    response = await call(market, "GET", path, bearer("buyer_user", uuid4()))
    assert (response.status_code, response.json()["code"]) == (403, "not_allowed")


async def test_mill_when_it_asks_for_mailboxes_or_rates_then_is_not_allowed(market: Market) -> None:
    assert (await call(market, "GET", "/mailboxes", mill(market))).status_code == 403
    body = {"per_base": {"USD": "1.1"}}
    assert (await call(market, "PUT", "/exchange-rates/2026-01-02", mill(market), body)).status_code == 403


async def test_operator_when_he_uploads_then_names_the_mill(market: Market) -> None:
    files = {"file": ("list.csv", csv_list(*usual_list()))}
    headers = bearer("admin", market.operator)
    async with market.client() as client:
        without = await client.post("/batches", files=files, headers=headers | key())
        with_mill = await client.post(
            "/batches", files=files, data={"mill_id": str(market.trusted)}, headers=headers | key()
        )
    assert (without.status_code, without.json()["code"]) == (422, "unknown_mill")
    assert with_mill.json()["mill_id"] == str(market.trusted)


async def test_suspended_mill_when_it_uploads_then_is_refused(market: Market) -> None:
    suspended = uuid4()
    await market.add_mill(
        suspended, slug="gone", domain="gone.example", trusted=True, status=OrganizationStatus.SUSPENDED
    )
    response = await market.upload(csv_list(*usual_list()), mill=suspended)
    assert (response.status_code, response.json()["code"]) == (403, "organization_suspended")


async def test_mill_that_is_not_known_yet_when_it_uploads_then_is_asked_to_try_again(market: Market) -> None:
    response = await market.upload(csv_list(*usual_list()), mill=uuid4())
    assert response.status_code == 503
    assert response.headers["retry-after"]


async def test_file_when_downloaded_then_is_what_was_sent_and_never_shown(market: Market) -> None:
    content = csv_list(*usual_list())
    batch_id = (await market.upload(content, name="../Liste März.csv")).json()["id"]
    response = await call(market, "GET", f"/batches/{batch_id}/file", bearer("mill_user", market.trusted))
    assert response.content == content
    assert response.headers["content-disposition"].startswith('attachment; filename="Liste M_rz.csv"')
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_batches_when_listed_in_pages_then_each_comes_once(market: Market) -> None:
    sent = [(await market.upload(csv_list(*usual_list(n)))).json()["id"] for n in range(5, 10)]
    headers = bearer("mill_user", market.trusted)
    seen: list[str] = []
    path = "/batches?limit=2"
    while path:
        page = (await call(market, "GET", path, headers)).json()
        seen += [batch["id"] for batch in page["items"]]
        path = f"/batches?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert seen == sent[::-1]
    wrong = await call(market, "GET", "/batches?status__in=nope", headers)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_filter")


async def test_resources_when_shown_then_each_calls_its_own_number_id(market: Market) -> None:
    batch_id, _ = await reviewed(market, *usual_list())
    body = {"name": "Lists", "host": "imap.example", "username": "lists", "password": "s3cret-word"}
    mailbox = (await call(market, "POST", "/mailboxes", bearer("admin", market.operator) | key(), body)).json()
    batch, row = await market.batch(batch_id), (await market.rows(batch_id))[0]
    assert batch["id"] == str(batch_id)
    assert "batch_id" not in batch
    assert "id" in row
    assert "row_id" not in row
    assert "id" in mailbox
    assert "mailbox_id" not in mailbox


async def test_rates_when_set_then_are_published(market: Market) -> None:
    body = {"base": "EUR", "per_base": {"USD": "1.16", "SEK": "11.05"}}
    response = await call(market, "PUT", "/exchange-rates/2026-11-20", bearer("admin", market.operator), body)
    assert response.status_code == 200, response.text
    (event,) = await market.events(RatesChanged)
    assert (str(event.dated), str(event.per_base["USD"])) == ("2026-11-20", "1.16")
    bad = await call(
        market, "PUT", "/exchange-rates/2026-11-20", bearer("admin", market.operator), {"per_base": {"USD": 0}}
    )
    assert bad.status_code == 422


async def test_mailbox_when_added_then_never_shows_its_password(market: Market) -> None:
    admin = bearer("admin", market.operator)
    body = {"name": "Lists", "host": "imap.example", "username": "lists", "password": "s3cret-word"}
    added = await call(market, "POST", "/mailboxes", admin | key(), body)
    assert added.status_code == 201, added.text
    listed = await call(market, "GET", "/mailboxes", admin)
    assert "s3cret-word" not in added.text + listed.text
    path = f"/mailboxes/{added.json()['id']}"
    paused = await call(market, "PATCH", path, admin | {"If-Match": '"1"'}, {"status": "paused"})
    assert (paused.json()["status"], paused.json()["version"]) == ("paused", 2)
    plain = await call(market, "POST", "/mailboxes", admin | key(), body | {"name": "Plain", "tls": False})
    assert plain.json()["code"] == "unsafe_mailbox"
    near = await call(market, "POST", "/mailboxes", admin | key(), body | {"host": "localhost", "tls": False})
    assert near.status_code == 409, near.text  # the name is taken
    near = await call(
        market, "POST", "/mailboxes", admin | key(), body | {"name": "Near", "host": "localhost", "tls": False}
    )
    # Its password must not go out in the clear either when only the host is changed afterwards.
    moved = await call(
        market, "PATCH", f"/mailboxes/{near.json()['id']}", admin | {"If-Match": '"1"'}, {"host": "imap.example"}
    )
    assert moved.json()["code"] == "unsafe_mailbox"


def test_every_kind_of_file_that_is_no_list_has_words() -> None:
    from services.ingestion.domain.files import LISTS, WORDS

    assert set(WORDS) == set(FileKind) - set(LISTS)
