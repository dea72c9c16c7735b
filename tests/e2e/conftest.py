"""One running system for every test that leaves it in order; tests that break it start their own."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest

from tests.support.marketplace import Marketplace
from tests.support.system import running_system


@contextmanager
def open_marketplace(**given: str) -> Generator[Marketplace]:
    """Start a system of its own with nobody in it but the operator."""
    with running_system(**given) as system:
        marketplace = Marketplace(system)
        marketplace.open()
        try:
            yield marketplace
        finally:
            marketplace.close()


@pytest.fixture(scope="session")
def marketplace() -> Iterator[Marketplace]:
    """The system most tests share: each brings mills and buyers of its own and trades in grades of its own."""
    with open_marketplace() as started:
        yield started
