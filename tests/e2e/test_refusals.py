"""Bad input, through the same doors as good: refused in plain words, nothing lost, and nobody falls over."""

import base64
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.auth import ALGORITHM
from tests.support.logs import troubles
from tests.support.marketplace import JSON, Marketplace
from tests.support.small_market import COLUMNS, list_of, refs, small_market

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(200)
HEADERS_ONLY = f"{COLUMNS}\n".encode()


@pytest.fixture(scope="module")
def place(marketplace: Marketplace) -> Marketplace:
    marketplace.load(small_market("echt", grade_code="PARCHMENT", buyers=1))
    marketplace.load(small_market("fremd", grade_code="PARCHMENT", buyers=1))
    return marketplace


def problem(answer: Any, status: int) -> JSON:
    """The problem an answer holds, which says what to change."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: JSON = answer.json()
    assert body["status"] == status
    assert body["code"]
    assert len(body["detail"]) > 10
    return body


@pytest.mark.parametrize(
    ("name", "content", "status", "words"),
    [("empty.xlsx", b"", 422, "empty"), ("picture.xlsx", PNG, 415, "picture")],
)
def test_upload_that_can_be_no_list_is_refused_at_the_door(
    place: Marketplace, name: str, content: bytes, status: int, words: str
) -> None:
    assert words in problem(place.upload("echt-mill", content, name=name), status)["detail"].lower()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("headers.csv", HEADERS_ONLY, "send"), ("letter.csv", b"Dear all,\nplease call us.\n", "")],
)
def test_upload_that_holds_no_list_is_kept_and_told_apart(
    place: Marketplace, name: str, content: bytes, words: str
) -> None:
    answer = place.upload("echt-mill", content, name=name)
    assert answer.status_code == 202
    batch_id = answer.json()["id"]
    batch = place.wait_until_decided(batch_id)
    assert batch["status"] in ("failed", "review_required", "mapping_required")
    assert words in " ".join(batch["reasons"]).lower()
    assert len(" ".join(batch["reasons"])) > 20
    assert place.ask("echt-mill", "GET", f"/batches/{batch_id}/file").content == content


def test_mailed_picture_called_a_list_is_answered_for_and_kept(place: Marketplace, tmp_path: Path) -> None:
    file = tmp_path / "surplus.xlsx"
    file.write_bytes(PNG)
    subject = place.mail("echt-mill", file)
    seen = place.wait_for_mail(subject)
    assert seen["status"] in ("ignored", "quarantined", "batch")
    if seen["status"] == "batch":
        assert place.wait_until_decided(seen["batch_ids"][0])["reasons"]
    else:
        assert seen["detail"]


def test_row_of_9999_grams_is_refused_alone(place: Marketplace) -> None:
    content = list_of(refs("OK", 40), grade="Parchment") + b"BAD-1;Parchment;9999;900;1000;A;800\n"
    batch_id = place.upload("echt-mill", content).raise_for_status().json()["id"]
    rows = place.wait_until_listed(batch_id)
    (bad,) = [row for row in rows if not row["item_id"]]
    (found,) = [one for one in bad["problems"] if one["severity"] == "error"]
    assert (found["field"], found["raw"]) == ("gsm", "9999")
    assert "g/m²" in found["message"]
    assert len(rows) == 41


@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "broken',
        b'{"title": "x", "grade_codes": ["PARCHMENT"], "gsm": {"min": NaN}}',
        b'{"title": "x", "grade_codes": ["PARCHMENT"], "gsm": {"min": 1e999}}',
        b'{"title": "\\ud800", "grade_codes": ["PARCHMENT"]}',
        b'{"title": "a\\u0000b", "grade_codes": ["PARCHMENT"]}',
        b'{"title": "x", "grade_codes": ["PARCHMENT"], "role": "admin"}',
        b"[]",
        b"",
    ],
)
def test_body_that_cannot_be_meant_is_refused(place: Marketplace, body: bytes) -> None:
    before = len(place.client("echt-1").every("/requirements"))
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4())}
    answer = place.ask("echt-1", "POST", "/requirements", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    problem(answer, answer.status_code)
    assert len(place.client("echt-1").every("/requirements")) == before


def test_token_that_has_expired_is_refused(place: Marketplace) -> None:
    good = place.bearer("echt-1").removeprefix("Bearer ")
    claims = jwt.decode(good, options={"verify_signature": False})
    raw = place.system.layout.secrets()["OFFCUT_PRIVATE_KEY"]
    key = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(f"{raw}=="))
    then = {"iat": int(time.time()) - 2000, "exp": int(time.time()) - 1000}
    old = jwt.encode({**claims, **then}, key, algorithm=ALGORITHM, headers={"typ": "at+jwt"})
    fresh = jwt.encode(claims, key, algorithm=ALGORITHM, headers={"typ": "at+jwt"})
    assert place.ask("echt-1", "GET", "/items", headers={"Authorization": f"Bearer {fresh}"}).status_code == 200
    answer = place.ask("echt-1", "GET", "/items", headers={"Authorization": f"Bearer {old}"})
    problem(answer, 401)
    assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_buyer_at_a_mills_door_is_refused(place: Marketplace) -> None:
    problem(place.upload("echt-1", list_of(["X"], grade="Parchment")), 403)
    problem(place.ask("echt-1", "GET", "/batches"), 403)


def test_list_of_another_mill_is_not_there(place: Marketplace) -> None:
    batch_id = place.upload("fremd-mill", list_of(["F-1"], grade="Parchment")).raise_for_status().json()["id"]
    version = place.wait_for_batch(batch_id, "committed")["version"]
    keyed = {"Idempotency-Key": str(uuid4()), "If-Match": f'"{version}"'}
    for method, path, more in (
        ("GET", "", {}),
        ("GET", "/rows", {}),
        ("GET", "/file", {}),
        ("POST", "/commits", {"json": {"invalid_rows": "reject"}, "headers": keyed}),
        ("POST", "/cancellations", {"json": {"reason": "not mine"}, "headers": keyed}),
    ):
        theirs = place.ask("echt-mill", method, f"/batches/{batch_id}{path}", **more)
        nobodys = place.ask("echt-mill", method, f"/batches/{uuid4()}{path}", **more)
        told = {name: value for name, value in problem(theirs, 404).items() if name not in ("trace_id", "instance")}
        assert told.items() <= problem(nobodys, 404).items()
    assert place.admin.get(f"/batches/{batch_id}")["status"] == "committed"


def test_good_list_after_all_of_this_is_listed_and_no_process_complained(place: Marketplace) -> None:
    batch_id = place.upload("echt-mill", list_of(refs("OK", 41), grade="Parchment")).raise_for_status().json()["id"]
    rows = place.wait_until_listed(batch_id)
    assert len([row for row in rows if row["item_id"]]) == 41
    place.wait_until_quiet()
    assert troubles(place.system.layout.logs) == []
