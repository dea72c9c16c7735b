"""The routes of newsletter, as people and mail programs call them."""

from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from services.newsletter.main import build
from services.newsletter.tracking import hash_address
from shared.db import Database
from tests.integration.newsletter.conftest import Post, part, values
from tests.integration.newsletter.market import Market, Person
from tests.support.tokens import bearer

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}


def signed_in(person: Person) -> dict[str, str]:
    return bearer("buyer_user", person.organization_id, user_id=person.user_id)


def admin() -> dict[str, str]:
    return bearer("admin", uuid4())


def keyed(headers: dict[str, str]) -> dict[str, str]:
    return {**headers, "Idempotency-Key": str(uuid4())}


async def told(market: Market, *slugs: str) -> list[Person]:
    mill = await market.mill("saar")
    buyers = [await market.buyer(slug) for slug in slugs]
    await market.listed(mill, "S1")
    await market.matched("S1", *buyers)
    await market.run_completed()
    return buyers


async def test_preferences_when_replaced_then_the_next_time_is_told(market: Market, client: httpx.AsyncClient):
    buyer = await market.buyer("one")
    before = await client.get("/newsletter/preferences", headers=signed_in(buyer))
    assert before.status_code == 200
    assert before.json()["cadence"] is None
    assert before.headers["etag"] == '"0"'
    body = {"cadence": "weekly", "weekday": 3, "send_time": "08:30", "time_zone": "America/New_York", "items_max": 5}
    wanted = {**signed_in(buyer), "If-Match": '"0"'}
    after = await client.put("/newsletter/preferences", json=body, headers=wanted)
    assert after.status_code == 200
    assert after.headers["etag"] == '"1"'
    assert after.json()["next_send_at"]
    stale = await client.put("/newsletter/preferences", json=body, headers=wanted)
    assert stale.status_code == 412
    assert (await client.put("/newsletter/preferences", json=body, headers=signed_in(buyer))).status_code == 428
    off = {**signed_in(buyer), "If-Match": '"1"'}
    answer = await client.put("/newsletter/preferences", json={"cadence": "off"}, headers=off)
    assert answer.json()["next_send_at"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"cadence": "hourly"},
        {"weekday": 8},
        {"send_time": "25:00"},
        {"send_time": "08:00+02:00"},
        {"time_zone": "Mars/Base"},
        {"time_zone": "../../etc/passwd"},
        {"items_max": 0},
        {"quiet_from": "22:00"},
        {"surprise": 1},
    ],
)
async def test_preferences_when_wrong_then_422_says_which(market: Market, client: httpx.AsyncClient, body: object):
    buyer = await market.buyer("one")
    headers = {**signed_in(buyer), "If-Match": '"0"'}
    answer = await client.put("/newsletter/preferences", json=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_preferences_of_others_then_only_for_the_operator(market: Market, client: httpx.AsyncClient):
    one, two = await market.buyer("one"), await market.buyer("two")
    path = f"/newsletter/preferences?user_id={two.user_id}"
    assert (await client.get(path, headers=signed_in(one))).status_code == 404
    assert (await client.get(path, headers=admin())).json()["user_id"] == str(two.user_id)
    assert (await client.get(path, headers=bearer("mill_user", uuid4()))).status_code == 403
    assert (await client.get(path)).status_code == 401


async def test_issue_when_made_by_the_operator_then_sent_once(
    db: Database, market: Market, client: httpx.AsyncClient, post: Post
):
    (buyer,) = await told(market, "one")
    headers = keyed(admin())
    body = {"buyer_id": str(buyer.organization_id)}
    first = await client.post("/newsletter/issues", json=body, headers=headers)
    again = await client.post("/newsletter/issues", json=body, headers=headers)
    assert first.status_code == again.status_code == 202
    assert again.headers["idempotency-replayed"] == "true"
    assert first.json() == again.json()
    (issue,) = first.json()["items"]
    assert issue["status"] == "generated"
    assert issue["item_ids"] == [str(market.items["S1"])]
    assert len(await post.send()) == 1
    empty = await client.post("/newsletter/issues", json=body, headers=keyed(admin()))
    assert [(one["status"], one["reason"]) for one in empty.json()["items"]] == [("skipped", "nothing_new")]
    assert (await client.post("/newsletter/issues", json=body, headers=admin())).status_code == 400
    assert (await client.post("/newsletter/issues", json={}, headers=keyed(admin()))).status_code == 422
    unknown = {"user_id": str(uuid4())}
    assert (await client.post("/newsletter/issues", json=unknown, headers=keyed(admin()))).status_code == 404


async def test_preview_when_asked_then_shows_the_mail_and_stores_nothing(
    db: Database, market: Market, client: httpx.AsyncClient
):
    one, two = await told(market, "one", "two")
    answer = await client.post("/newsletter/issues", json={"dry_run": True}, headers=keyed(signed_in(one)))
    assert answer.status_code == 200
    (preview,) = answer.json()["previews"]
    assert preview["user_id"] == str(one.user_id)
    assert preview["subject"].startswith("1 new lot for you: Testliner 2")
    assert f"/mvp/app/lots/{market.items['S1']}" in preview["html"]
    assert "Testliner 2" in preview["text"]
    assert await values(db, "SELECT count(*) FROM issue") == [0]
    for body in ({"dry_run": True, "user_id": str(two.user_id)}, {"dry_run": False}, {"buyer_id": str(uuid4())}):
        refused = await client.post("/newsletter/issues", json=body, headers=keyed(signed_in(one)))
        assert refused.status_code == 403


async def test_issues_when_listed_then_only_own_ones_page_by_page(
    market: Market, client: httpx.AsyncClient, post: Post
):
    one, two = await told(market, "one", "two")
    await post.send()
    own = (await client.get("/newsletter/issues", headers=signed_in(one))).json()["items"]
    assert [issue["user_id"] for issue in own] == [str(one.user_id)]
    path = f"/newsletter/issues/{own[0]['id']}"
    assert (await client.get(path, headers=signed_in(one))).json()["status"] == "sent"
    page = await client.get(path, headers={**signed_in(one), "Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "Testliner 2" in page.text
    assert (await client.get(path, headers=signed_in(two))).status_code == 404
    first = await client.get("/newsletter/issues?limit=1", headers=admin())
    cursor = first.json()["next_cursor"]
    second = await client.get(f"/newsletter/issues?limit=1&cursor={cursor}", headers=admin())
    assert {first.json()["items"][0]["user_id"], second.json()["items"][0]["user_id"]} == {
        str(one.user_id), str(two.user_id),
    }  # fmt: skip
    assert second.json()["next_cursor"] is None


async def test_deliveries_when_listed_then_only_for_the_operator(market: Market, client: httpx.AsyncClient, post: Post):
    (buyer,) = await told(market, "one")
    await post.send()
    path = f"/newsletter/deliveries?user_id={buyer.user_id}&status=sent"
    (row,) = (await client.get(path, headers=admin())).json()["items"]
    assert (row["kind"], row["attempts"], row["delivered_at"]) == ("issue", 1, None)
    assert (await client.get(path, headers=signed_in(buyer))).status_code == 403


async def test_links_when_followed_then_lead_on_and_count_people_only(
    db: Database, market: Market, client: httpx.AsyncClient, post: Post
):
    await told(market, "one")
    (mail,) = await post.send()
    html = part(mail, "html")
    pixel = html.split('src="https://offcut.example/mvp/api')[1].split('"')[0]
    pieces = html.split('href="https://offcut.example/mvp/api')[1:]
    link = next(piece.split('"')[0] for piece in pieces if "/click" in piece)
    early = await client.get(pixel, headers=BROWSER)
    assert (early.status_code, early.headers["content-type"]) == (200, "image/gif")
    assert await values(db, "SELECT opened_at FROM delivery") == [None]
    await market.set_clock(forward=timedelta(minutes=5))
    await client.head(link, headers=BROWSER)
    await client.get(link, headers={"User-Agent": "Mozilla/5.0 GoogleImageProxy"})
    assert await values(db, "SELECT status FROM delivery") == ["sent"]
    assert await values(db, "SELECT bool_and(machine) FROM engagement") == [True]
    await client.get(pixel, headers=BROWSER)
    assert await values(db, "SELECT status FROM delivery") == ["opened"]
    followed = await client.get(link, headers=BROWSER)
    assert followed.status_code == 302
    assert followed.headers["location"] == f"https://offcut.example/mvp/app/lots/{market.items['S1']}"
    assert await values(db, "SELECT status FROM delivery") == ["clicked"]
    (issue,) = (await client.get("/newsletter/issues?status=sent", headers=admin())).json()["items"]
    assert issue["counts"] == {"delivered": 0, "opened": 1, "clicked": 1}


@pytest.mark.parametrize("token", ["x", "A" * 24, "%00" * 8, "https:evil.example", "ü" * 24])
async def test_links_when_unknown_then_the_pixel_shines_and_nothing_leads_away(client: httpx.AsyncClient, token: str):
    assert (await client.get(f"/newsletter/t/{token}/open")).status_code == 200
    for path in (f"/newsletter/t/{token}/click", f"/newsletter/unsubscribe/{token}"):
        answer = await client.get(path, headers={"Accept-Language": "de"})
        assert answer.status_code == 404
        assert "Dieser Link führt ins Leere" in answer.text
    assert (await client.post(f"/newsletter/unsubscribe/{token}")).status_code == 404


async def test_unsubscribe_when_only_read_then_nothing_changes_and_when_posted_then_it_does(
    db: Database, market: Market, client: httpx.AsyncClient, post: Post
):
    (buyer,) = await told(market, "one")
    (mail,) = await post.send()
    link = mail["List-Unsubscribe"].strip("<>").removeprefix("https://offcut.example/mvp/api")
    page = await client.get(link)
    assert page.status_code == 200
    assert '<form method="post">' in page.text
    assert await values(db, "SELECT count(*) FROM preference") == [0]
    done = await client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    assert (await client.post(link)).status_code == 200
    assert await values(db, "SELECT cadence || version FROM preference") == ["off1"]
    assert await values(db, "SELECT count(*) FROM outbox WHERE type = 'newsletter.preference.changed.v1'") == [1]
    mill = await market.mill("kvarn")
    await market.listed(mill, "K1")
    await market.matched("K1", buyer)
    await market.run_completed()
    assert await post.send() == []
    manual = await client.post("/newsletter/issues", json={"user_id": str(buyer.user_id)}, headers=keyed(admin()))
    assert [one["reason"] for one in manual.json()["items"]] == ["not_wanted"]


async def test_suppression_when_lifted_then_mail_goes_again(
    db: Database, market: Market, client: httpx.AsyncClient, post: Post
):
    (buyer,) = await told(market, "one")
    post.relay.refusals[buyer.email] = "550 5.1.1 no such user"
    await post.send()
    (row,) = (await client.get("/newsletter/suppressions", headers=admin())).json()["items"]
    assert (row["address"], row["reason"]) == (buyer.email, "hard_bounce")
    path = f"/newsletter/suppressions/{row['id']}"
    assert (await client.delete(path, headers=admin())).status_code == 422
    assert (await client.delete(f"{path}?reason=moved", headers=signed_in(buyer))).status_code == 403
    assert (await client.delete(f"{path}?reason=mailbox+is+back", headers=admin())).status_code == 204
    assert (await client.delete(f"{path}?reason=mailbox+is+back", headers=admin())).status_code == 404
    post.relay.refusals.clear()
    await client.post("/newsletter/issues", json={"user_id": str(buyer.user_id)}, headers=keyed(admin()))
    assert len(await post.send()) == 1


async def test_suppression_when_the_recipient_complained_then_only_he_lifts_it(
    db: Database, market: Market, client: httpx.AsyncClient
):
    buyer = await market.buyer("one")
    async with db.transaction() as conn:
        await conn.execute(
            "INSERT INTO suppression (suppression_id, address_hash, user_id, reason, source, created_at)"
            " VALUES (%(id)s, %(hash)s, %(user)s, 'complaint', 'arf', clock())",
            {"id": uuid4(), "hash": hash_address(buyer.email), "user": buyer.user_id},
        )
    (row,) = (await client.get("/newsletter/suppressions", headers=admin())).json()["items"]
    refused = await client.delete(f"/newsletter/suppressions/{row['id']}?reason=please", headers=admin())
    assert (refused.status_code, refused.json()["code"]) == (409, "suppression_by_recipient")
    wanted = {**signed_in(buyer), "If-Match": '"0"'}
    assert (await client.put("/newsletter/preferences", json={}, headers=wanted)).status_code == 200
    assert (await client.get("/newsletter/suppressions", headers=admin())).json()["items"] == []


def test_openapi_when_made_then_has_no_warnings() -> None:
    assert "/mvp/api/newsletter/preferences" in build().openapi()["paths"]
