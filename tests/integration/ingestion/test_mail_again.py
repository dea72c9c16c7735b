"""Mails that an operator lets be judged again, once what was wrong is mended."""

from uuid import uuid4

from tests.integration.ingestion.market import csv_list, usual_list
from tests.integration.ingestion.post import LIST, PASS, Post, mail
from tests.support.tokens import bearer


async def test_mail_of_an_unknown_sender_when_processed_again_after_he_registered_then_becomes_a_batch(
    post: Post,
) -> None:
    market = post.market
    await post.arrive(mail(LIST, sender="new@newmill.example", authentication=PASS.replace("saarmuehle", "newmill")))
    (message,) = await post.messages()
    assert message["reason"] == "unknown_sender"
    await market.add_mill(uuid4(), slug="newmill", domain="newmill.example", trusted=True)
    path = f"/inbound-messages/{message['id']}"
    admin = bearer("admin", market.operator)
    async with market.client() as client:
        again = await client.post(f"{path}/reprocessings", headers=admin | {"Idempotency-Key": str(uuid4())})
        assert (again.status_code, again.json()["status"]) == (202, "received")
        assert again.headers["location"].endswith(path)
        await post.arrive()
        assert (await client.get(path, headers=admin)).json()["status"] == "batch"
        refused = await client.post(f"{path}/reprocessings", headers=admin | {"Idempotency-Key": str(uuid4())})
        assert (refused.status_code, refused.json()["code"]) == (409, "state_conflict")
        hidden = await client.get(path, headers=bearer("mill_user", market.trusted))
        assert hidden.status_code == 404


async def test_mail_that_was_never_fetched_when_processed_again_then_says_to_have_it_sent_again(post: Post) -> None:
    post.market.settings = post.market.settings.model_copy(update={"message_bytes_max": 2000})
    await post.arrive(mail(csv_list(*usual_list(100))))
    (message,) = await post.messages()
    async with post.market.client() as client:
        headers = bearer("admin", post.market.operator) | {"Idempotency-Key": str(uuid4())}
        refused = await client.post(f"/inbound-messages/{message['id']}/reprocessings", headers=headers)
    assert refused.status_code == 410
    assert "send it again" in refused.json()["detail"]
