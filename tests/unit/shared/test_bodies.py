"""Bodies that parsers read differently are refused before anybody reads them."""

import pytest

from shared.bodies import DEPTH_MAX, strict_json
from shared.problems import BadRequest

HOSTILE = {
    "nothing": b"",
    "not a number": b'{"gsm": NaN}',
    "infinity": b'{"gsm": Infinity}',
    "beyond numbers": b'{"gsm": 1e999}',
    "beyond numbers, in a list": b"[[-1e999]]",
    "half a character": b'{"name": "\\ud800"}',
    "NUL, written out": b'{"name": "\\u0000"}',
    "NUL": b'{"name": "\x00"}',
    "not UTF-8": b'{"name": "\xc3\x28"}',
    "UTF-16": '{"name": 1}'.encode("utf-16"),
    "two values": b"{} {}",
    "a comma too many": b'{"a": 1,}',
    "a member twice": b'{"role": "mill_user", "role": "admin"}',
    "a member twice, spelt differently": b'{"role": 1, "r\\u006fle": 2}',
    "a member twice, deeper": b'{"a": [{"b": 1, "c": ":", "b": 2}]}',
    "too deep": b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1),
    "far too deep": b"[" * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_body_when_hostile_then_refused(name: str) -> None:
    with pytest.raises(BadRequest):
        strict_json(HOSTILE[name])


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        (b'{"a": "b: c", "d": "\\\\", "e\\":": {"f": ":"}}', {"a": "b: c", "d": "\\", 'e":': {"f": ":"}}),
        (b'[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        (b"[" * DEPTH_MAX + b"]" * DEPTH_MAX, None),
        ('{"Größe": 1.5e3}'.encode(), {"Größe": 1500.0}),
    ],
    ids=["colons in texts", "objects alike", "as deep as may be", "not ASCII"],
)
def test_body_when_unusual_but_clear_then_read(body: bytes, meant: object) -> None:
    found = strict_json(body)
    assert meant is None or found == meant
