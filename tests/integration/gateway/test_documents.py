"""What anybody may read about the interface: the key of the tokens, the types of events."""

from typing import Any

import aiohttp
import jwt
from jwt import PyJWK

from shared.auth import AUDIENCE, ISSUER
from shared.contracts import BY_TYPE
from tests.integration.gateway.conftest import signed_in


async def read(client: aiohttp.ClientSession, path: str) -> dict[str, Any]:
    async with client.get(path) as answer:
        assert (answer.status, answer.content_type) == (200, "application/json"), await answer.text()
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        return await answer.json()


async def test_key_set_when_read_then_verifies_the_tokens_that_name_its_key(client: aiohttp.ClientSession) -> None:
    token = (await signed_in(client, "anna@lindholz.example"))["access_token"]
    [key] = (await read(client, "/.well-known/jwks.json"))["keys"]
    assert set(key) == {"kty", "crv", "x", "use", "alg", "kid"}  # never the private part
    assert jwt.get_unverified_header(token)["kid"] == key["kid"]
    claims = jwt.decode(token, PyJWK(key), algorithms=[key["alg"]], audience=AUDIENCE, issuer=ISSUER)
    assert claims["role"] == "mill_user"


async def test_front_page_when_opened_then_leads_to_the_documentation(client: aiohttp.ClientSession) -> None:
    for path in ("/", "/mvp", "/mvp/api/docs"):
        async with client.get(path, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (307, "/mvp/api/docs/")


async def test_event_types_when_read_then_each_says_what_it_is_about(client: aiohttp.ClientSession) -> None:
    known = {one["type"]: one for one in (await read(client, "/mvp/api/event-types"))["items"]}
    assert set(known) == set(BY_TYPE)
    granted = known["exclusivity.window.granted.v1"]
    assert (granted["producer"], bool(granted["summary"])) == ("exclusivity", True)
    assert {"item_id", "expires_at"} <= set(granted["schema"]["properties"])
