"""One system for all tests of PM2: each leaves it running, whatever it stops. The shell around it has secrets."""

from collections.abc import Iterator

import pytest

from tests.support.system import System, prepared_system

POISON = "poisoned-by-the-shell"


@pytest.fixture(scope="package")
def system() -> Iterator[System]:
    with prepared_system(SOME_PASSWORD=POISON, AWS_SECRET_ACCESS_KEY=POISON) as system:
        system.up("--no-demo")
        yield system
