"""What catalog and ingestion must say in the same way."""

import pytest

from shared.contracts.types import ref_key


@pytest.mark.parametrize(
    ("ref", "key"),
    [("K  1", "ref:k 1"), (" k 1 ", "ref:k 1"), ("STRASSE", "ref:strasse"), ("", None), (" ", None), (None, None)],
)
def test_lot_key_when_typed_differently_then_the_same(ref: str | None, key: str | None) -> None:
    assert ref_key(ref) == key
