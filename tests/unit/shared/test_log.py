"""One record is one line, whatever somebody put into it."""

import logging

import orjson
import pytest

from shared.log import JsonLines, without_tokens


def written(message: str, **extra: object) -> str:
    record = logging.makeLogRecord({"name": "door", "msg": message, "levelname": "INFO", **extra})
    return JsonLines(service="gateway", process="api").format(record)


@pytest.mark.parametrize(
    "text",
    [
        'a\n{"level":"error","message":"forged"}',
        "a\r\nb",
        "a\u2028b\x85c\x0bd",
        'a", "level": "error',
        "\x1b[2J\x00",
        "cut \ud800 off",
    ],
    ids=["line", "CR LF", "other line ends", "quote", "terminal", "surrogate"],
)
def test_record_when_it_holds_what_somebody_typed_then_is_one_line_of_its_own(text: str) -> None:
    for line in (written(text), written("said", email=text), written("said", path=f"/mvp/api/{text}")):
        assert len(line.splitlines()) == 1
        record = orjson.loads(line)
        assert (record["level"], record["service"]) == ("info", "gateway")
        assert line.isprintable()


def test_path_when_it_opens_a_door_then_its_key_is_left_out() -> None:
    token = "q3Jw0nXyQ3Jw0nXyQ3Jw0nXy"
    known = "0190a6d2-0000-7000-8000-000000000000"
    assert without_tokens(f"/mvp/api/invitations/{token}/acceptances") == "/mvp/api/invitations/{token}/acceptances"
    assert without_tokens(f"/mvp/api/items/{known}") == f"/mvp/api/items/{known}"
    assert token not in written("request", path=f"/mvp/api/newsletter/t/{token}/open")
