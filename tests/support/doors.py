"""The doors of one service in a test: its settings, and a client for its API."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import httpx
import pytest
from fastapi import FastAPI

from shared.db import Database
from tests.support.tokens import PUBLIC_KEY


class _Settings(Protocol):
    def cache_clear(self) -> None: ...


def surroundings(service: str, **more: str) -> dict[str, str]:
    """Environment variables from which a service's settings can be read; the addresses in them lead nowhere."""
    return {
        f"OFFCUT_{service.upper()}_DATABASE_URL": "postgresql://127.0.0.1:1/none",
        "OFFCUT_REDIS_URL": "redis://127.0.0.1:1",
        "OFFCUT_PUBLIC_KEY": PUBLIC_KEY,
        "OFFCUT_CURSOR_KEY": "a key that only tests know",
        **more,
    }


def environment_of(settings: _Settings, given: Mapping[str, str]) -> Any:  # pytest's fixture has no public type
    """A fixture for the tests of one service: what reads its settings finds these."""

    @pytest.fixture(scope="package", autouse=True, name="environment")
    def environment() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in given.items():
                patch.setenv(name, value)
            settings.cache_clear()
            yield
            settings.cache_clear()

    return environment


def api_client(app: FastAPI, db: Database) -> httpx.AsyncClient:
    """A client below ``/mvp/api``, without a socket; a fault that no door caught is answered 500, as in production."""
    app.state.db = db
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://offcut/mvp/api")
