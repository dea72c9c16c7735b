"""What the gateway decides without asking anybody."""

import pytest

from gateway.domain import (
    ORGANIZATION_STEPS,
    PERSON_STEPS,
    differences,
    is_inside,
    mail_pause_seconds,
    network_of,
    pause_after,
    permissions_of,
    slug_of,
    weakness,
)
from gateway.passwords import is_importable
from shared.auth import check_scope
from shared.contracts.gateway import Change, OrganizationStatus, UserStatus
from shared.log import without_tokens
from shared.problems import NotAllowed


def test_steps_when_listed_then_every_state_has_its_line() -> None:
    assert set(ORGANIZATION_STEPS) == set(OrganizationStatus)
    assert set(PERSON_STEPS) == set(UserStatus)
    assert all(after <= set(ORGANIZATION_STEPS) for after in ORGANIZATION_STEPS.values())
    assert all(after <= set(PERSON_STEPS) for after in PERSON_STEPS.values())
    assert not ORGANIZATION_STEPS["closed"]
    assert not PERSON_STEPS["erased"]


@pytest.mark.parametrize(
    ("failures", "seconds"), [(4, None), (5, 60), (6, 120), (8, 480), (9, 900), (40, 900)], ids=str
)
def test_pause_when_failures_go_on_then_doubles_up_to_a_quarter_of_an_hour(failures: int, seconds: int | None) -> None:
    pause = pause_after(failures, allowed=5, first_seconds=60)
    assert (pause.total_seconds() if pause else None) == seconds


def test_network_when_ipv6_then_the_whole_customer_counts_as_one() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") != network_of("2001:db8:0:1::1")
    assert network_of("192.0.2.1") != network_of("192.0.2.2")
    assert network_of("unknown") == "unknown"


def test_inside_when_no_networks_then_everywhere_else_only_there() -> None:
    assert is_inside("192.0.2.9", [])
    assert is_inside("192.0.2.9", ["10.0.0.0/8", "192.0.2.0/24"])
    assert not is_inside("192.0.2.9", ["2001:db8::/32"])
    assert not is_inside("nonsense", ["0.0.0.0/0"])


@pytest.mark.parametrize(
    ("name", "taken", "slug"),
    [
        ("Säge & Söhne", set[str](), "sage-sohne"),
        ("Säge & Söhne", {"sage-sohne"}, "sage-sohne-2"),
        ("Säge & Söhne", {"sage-sohne", "sage-sohne-2"}, "sage-sohne-3"),
        ("紙", set[str](), "company"),
        ("X", set[str](), "x-company"),
        ("x" * 200, set[str](), "x" * 60),
    ],
    ids=["accents", "taken", "taken twice", "no latin letter", "one letter", "long"],
)
def test_slug_when_made_then_plain_and_free(name: str, taken: set[str], slug: str) -> None:
    assert slug_of(name, taken) == slug


@pytest.mark.parametrize(
    "password",
    ["short", "aaaaaaaaaaaaaaaaaa", "abababababababab", "Anna@Lindholz.example"],
    ids=["short", "one character", "two characters", "the address"],
)
def test_password_when_weak_then_says_why(password: str) -> None:
    assert weakness(password, email="anna@lindholz.example")


def test_password_when_a_few_words_then_taken() -> None:
    assert weakness("four plain words here", email="anna@lindholz.example") is None


def test_differences_when_compared_then_only_what_is_not_the_same() -> None:
    assert differences({"a": 1, "b": 2}, {"a": 1, "b": 3}) == (Change(field="b", old=2, new=3),)
    assert differences(None, {"a": None}) == (Change(field="a", old=None, new=None),)
    assert differences({"a": 1}, {"a": 1}) == ()


def test_differences_when_values_are_to_be_forgotten_then_only_what_changed_is_said() -> None:
    assert differences({"a": 1, "b": 2}, {"a": 1, "b": 3}, keeps_values=False) == (Change(field="b"),)


def test_permissions_when_suspended_or_member_then_fewer() -> None:
    assert "users:write" in permissions_of("mill_user", is_owner=True, is_suspended=False)
    assert "users:write" not in permissions_of("mill_user", is_owner=False, is_suspended=False)
    assert all(one.endswith(":read") for one in permissions_of("buyer_user", is_owner=True, is_suspended=True))


def test_mail_when_refused_often_then_waits_longer_up_to_an_hour() -> None:
    assert [mail_pause_seconds(n) for n in (1, 2, 3, 30)] == [5.0, 10.0, 20.0, 3600.0]


@pytest.mark.parametrize(
    ("method", "path", "fits"),
    [
        ("GET", "/mvp/api/items", True),
        ("HEAD", "/mvp/api/items/1/history", True),
        ("POST", "/mvp/api/items", False),
        ("GET", "/mvp/api/items-extra", False),
        ("GET", "/mvp/api/", False),
        ("GET", "/other/items", False),
    ],
)
def test_scope_when_checked_then_reaches_just_so_far(method: str, path: str, fits: bool) -> None:
    if fits:
        check_scope(frozenset({"items:read"}), method=method, path=path)
    else:
        with pytest.raises(NotAllowed):
            check_scope(frozenset({"items:read"}), method=method, path=path)


def test_path_when_written_down_then_without_tokens() -> None:
    token = "vY3kq0b9Jr3l2mJ8a1aQe6nX0cT5sZpWq7uR4hLdGkE"
    item = "/mvp/api/items/0190a6d2-0000-7000-8000-000000000000"
    assert without_tokens(f"/mvp/api/invitations/{token}/acceptances") == "/mvp/api/invitations/{token}/acceptances"
    assert without_tokens(item) == item
    assert without_tokens("/mvp/api/requirement-previews") == "/mvp/api/requirement-previews"


@pytest.mark.parametrize(
    "stored",
    ["", "pbkdf2_sha256$", "pbkdf2_sha256$1000$salt$AAAA", "pbkdf2_sha256$-1$s$A", "argon2$argon2id$x", "!unusable"],
)
def test_imported_password_when_not_understood_then_refused(stored: str) -> None:
    assert not is_importable(stored)
