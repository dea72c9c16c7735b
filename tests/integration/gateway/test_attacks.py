"""Tokens that are not ours, guesses, and passwords from the system before."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from uuid import uuid4

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client import REGISTRY

from gateway.accounts import ImportedUser, import_people
from gateway.settings import GatewaySettings
from gateway.tokens import link_token, new_api_token
from shared.db import Database
from tests.integration.gateway.conftest import bearer, signed_in
from tests.integration.gateway.people import Caller

OWNER = "anna@lindholz.example"
Forge = Callable[["Forger"], str]


def packed(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Forger:
    """Knows a good token, the public key and the private one: a signature alone must not be enough."""

    def __init__(self, token: str, refresh: str, config: GatewaySettings) -> None:
        self.token, self.refresh, self.public, self.config = token, refresh, config.public_key, config
        self.claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
        self._key = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(config.private_key + "=="))

    def signed(self, *, header: dict[str, object] | None = None, without: str = "", **claims: object) -> str:
        body = {name: value for name, value in {**self.claims, **claims}.items() if name != without}
        head = packed({"alg": "EdDSA", "typ": "at+jwt", **(header or {})})
        signature = self._key.sign(f"{head}.{packed(body)}".encode())
        return f"{head}.{packed(body)}.{packed(signature)}"

    def unsigned(self, algorithm: str) -> str:
        return f"{packed({'alg': algorithm, 'typ': 'at+jwt'})}.{packed(self.claims)}."

    def by_another_key(self, **header: object) -> str:
        key = Ed25519PrivateKey.generate()
        head = packed({"alg": "EdDSA", "typ": "at+jwt", **header})
        return f"{head}.{packed(self.claims)}.{packed(key.sign(f'{head}.{packed(self.claims)}'.encode()))}"

    def hs256(self) -> str:
        signed = f"{packed({'alg': 'HS256', 'typ': 'at+jwt'})}.{packed(self.claims)}"
        return f"{signed}.{packed(hmac.digest(self.public.encode(), signed.encode(), 'sha256'))}"


JWK = {"kty": "OKP", "crv": "Ed25519", "x": packed(Ed25519PrivateKey.generate().public_key().public_bytes_raw())}
FORGERIES: dict[str, Forge] = {
    **{f"alg {name}": (lambda f, name=name: f.unsigned(name)) for name in ("none", "None", "NONE", "nOnE", "")},
    "HS256 with the public key": lambda f: f.hs256(),
    "kid is a path": lambda f: f.by_another_key(kid="../../../../dev/null"),
    "kid is SQL": lambda f: f.by_another_key(kid="x' UNION SELECT 'k'--"),
    "kid is an address": lambda f: f.by_another_key(kid="http://127.0.0.1:1/key"),
    "jku": lambda f: f.by_another_key(jku="http://127.0.0.1:1/jwks.json"),
    "x5u": lambda f: f.by_another_key(x5u="http://127.0.0.1:1/cert"),
    "jwk": lambda f: f.by_another_key(jwk=JWK),
    "unknown crit": lambda f: f.signed(header={"crit": ["exp2"], "exp2": 1}),
    "b64 false": lambda f: f.signed(header={"b64": False, "crit": ["b64"]}),
    "no exp": lambda f: f.signed(without="exp"),
    "no sid": lambda f: f.signed(without="sid"),
    "expired": lambda f: f.signed(exp=int(time.time()) - 60),
    "exp is text": lambda f: f.signed(exp="never"),
    "not yet": lambda f: f.signed(nbf=int(time.time()) + 600),
    "wrong iss": lambda f: f.signed(iss="elsewhere"),
    "wrong aud": lambda f: f.signed(aud="other-api"),
    "wrong typ": lambda f: f.signed(header={"typ": "JWT"}),
    "typ of a list": lambda f: f.signed(header={"typ": ["at+jwt"]}),
    "role nobody has": lambda f: f.signed(role="root"),
    "rights are text": lambda f: f.signed(ver="ab"),
    "refresh token": lambda f: f.refresh,
    "token of a link in a mail": lambda f: link_token(uuid4(), settings=f.config),
    "token of an unsubscribe link": lambda f: packed(uuid4().bytes + uuid4().bytes),
    "API token without its beginning": lambda f: new_api_token(settings=f.config).removeprefix("off_"),
    "refresh token in three parts": lambda f: f"{packed({'alg': 'EdDSA', 'typ': 'at+jwt'})}.{f.refresh}.AAAA",
    "encrypted": lambda f: f"{packed({'alg': 'dir', 'enc': 'A256GCM', 'typ': 'at+jwt'})}..{packed(b'iv')}.AAAA.AAAA",
    "body compressed": lambda f: f.signed(header={"zip": "DEF"}, exp=0),
    "stripped signature": lambda f: f.token.rpartition(".")[0] + ".",
    "two parts": lambda f: f.token.rpartition(".")[0],
    "trailing bytes": lambda f: f.token + "AAAA",
    "trailing part": lambda f: f.token + ".AAAA",
    "padding": lambda f: f.token + "==",
    "another body": lambda f: ".".join(
        (f.token.split(".")[0], packed(f.claims | {"role": "admin"}), f.token.split(".")[2])
    ),
    "not base64": lambda f: "ä.ö.ü",
    "nothing": lambda f: "",
    "30 kB": lambda f: "a" * 30_000,
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
async def test_token_when_forged_then_401_and_the_gateway_lives(
    client: aiohttp.ClientSession, config: GatewaySettings, name: str
) -> None:
    tokens = await signed_in(client, OWNER)
    forger = Forger(tokens["access_token"], tokens["refresh_token"], config)
    answer = await Caller(client, {"Authorization": f"Bearer {FORGERIES[name](forger)}"}).get("/auth/me")
    assert answer.status == 401, answer.body
    assert (await Caller(client, bearer(tokens)).get("/auth/me")).status == 200


async def test_token_when_a_megabyte_then_refused_and_the_gateway_lives(
    client: aiohttp.ClientSession, config: GatewaySettings
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", config.port)
    writer.write(b"GET /mvp/api/auth/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + b"a" * (1 << 20))
    writer.write(b"\r\nConnection: close\r\n\r\n")
    try:
        answer = await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        answer = b""
    writer.close()
    assert answer == b"" or answer.split(b" ")[1] in (b"400", b"401", b"431")
    assert (await Caller(client, bearer(await signed_in(client, OWNER))).get("/auth/me")).status == 200


async def test_token_when_two_headers_then_refused(client: aiohttp.ClientSession) -> None:
    token = bearer(await signed_in(client, OWNER))["Authorization"]
    headers = [("Authorization", token), ("Authorization", "Bearer other")]
    async with client.get("/mvp/api/auth/me", headers=headers) as response:
        assert response.status == 400


def hashes() -> tuple[float, float]:
    """Argon2id hashes and PBKDF2 iterations computed so far."""
    names = ("offcut_password_hashes_total", "offcut_password_imported_iterations_total")
    argon2, pbkdf2 = [REGISTRY.get_sample_value(name) or 0.0 for name in names]
    return argon2, pbkdf2


async def work_of(client: aiohttp.ClientSession, email: str) -> tuple[float, float]:
    """What one failed sign-in costs."""
    before = hashes()
    async with client.post("/mvp/api/auth/login", json={"email": email, "password": "wrong"}) as response:
        assert response.status == 401
    after = hashes()
    return after[0] - before[0], after[1] - before[1]


def of_django(password: str, iterations: int) -> str:
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), b"saltsalt", iterations)
    return f"pbkdf2_sha256${iterations}$saltsalt${base64.b64encode(digest).decode()}"


async def test_login_when_it_fails_then_the_same_work_for_everybody(
    client: aiohttp.ClientSession, db: Database
) -> None:
    assert await work_of(client, OWNER) == await work_of(client, "nobody@nowhere.example") == (1, 0)
    users = [
        ImportedUser(email=f"old{n}@lindholz.example", name="Old", organization="lindholz", password=of_django("x", n))
        for n in (1000, 3000)
    ]
    async with db.transaction() as conn:
        assert await import_people(conn, users) == []
    emails = ("old1000@lindholz.example", "old3000@lindholz.example", "kauf@kartonage.example", "no@nowhere.example")
    assert [await work_of(client, email) for email in emails] == [(1, 3000)] * 4


async def test_login_when_the_password_came_from_django_then_it_fits_and_is_hashed_anew(
    client: aiohttp.ClientSession, db: Database
) -> None:
    user = ImportedUser(
        email="django@lindholz.example", name="Dj", organization="lindholz", password=of_django("from before 12", 2000)
    )
    wrong = [
        user.model_copy(update={"email": "a@lindholz.example", "password": stored})
        for stored in ("md5$x$y", "pbkdf2_sha256$99999999$s$AAAA", "pbkdf2_sha256$x$s$AAAA", "plain")
    ]
    nowhere = user.model_copy(update={"email": "b@lindholz.example", "organization": "no-such"})
    async with db.transaction() as conn:
        assert len(await import_people(conn, [user, *wrong, nowhere])) == 5
    for _ in range(2):
        async with client.post(
            "/mvp/api/auth/login", json={"email": "django@lindholz.example", "password": "from before 12"}
        ) as response:
            assert response.status == 200
        async with db.transaction() as conn:
            cursor = await conn.execute("SELECT password_hash FROM person WHERE email = 'django@lindholz.example'")
            assert str((await cursor.fetchone() or ("",))[0]).startswith("$argon2id$")


async def test_login_when_guessed_all_at_once_then_only_the_allowed_are_tried(
    client: aiohttp.ClientSession, config: GatewaySettings
) -> None:
    async def guess(number: int) -> int:
        body = {"email": "target@lindholz.example", "password": f"guess {number}"}
        async with client.post("/mvp/api/auth/login", json=body) as response:
            return response.status

    answers = await asyncio.gather(*(guess(number) for number in range(40)))
    assert answers.count(401) == config.login_failures_max
    assert set(answers) == {401, 429}


async def test_login_when_one_address_tries_many_accounts_then_it_pauses(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings
) -> None:
    async with db.transaction() as conn:
        await conn.execute("DELETE FROM login_failure")
        await conn.execute(
            "INSERT INTO login_failure (key, failures, last_at) VALUES ('login 127.0.0.1', %(n)s, clock())",
            {"n": config.address_failures_max - 1},
        )
    answers: list[int] = []
    for number in range(2):
        body = {"email": f"spray{number}@lindholz.example", "password": "Spring2026"}
        async with client.post("/mvp/api/auth/login", json=body) as response:
            answers.append(response.status)
    assert answers == [401, 429]
    async with db.transaction() as conn:
        await conn.execute("DELETE FROM login_failure")
