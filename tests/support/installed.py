"""The APIs of all services and the gateway in front of them, in this process, on the database of an installation."""

import base64
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib import import_module
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.main import build
from gateway.settings import GatewaySettings
from shared.contracts import SERVICES
from shared.status import Status
from shared.wire import Wire
from tests.support.ports import free_port
from tests.support.pump import Installation, package_of
from tests.support.servers import serving


@asynccontextmanager
async def served(place: Installation) -> AsyncGenerator[GatewaySettings]:
    """Serve all of them on free ports; the settings say where, and sign tokens. Workers answer, and do no work."""
    async with AsyncExitStack() as stack:
        config = stack.enter_context(settings_of(place))
        for service, ports in config.upstream_ports.items():
            room: Any = import_module(f"{package_of(service)}.main")
            await stack.enter_async_context(serving(room.build(), ports[0]))
        wire = Wire("redis://127.0.0.1:1/0")
        stack.push_async_callback(wire.close)
        for service, port in config.worker_ports.items():
            status = Status(place.databases[service], wire, roles=(), jobs=(), public_key=config.public_key)
            await stack.enter_async_context(serving(status.app(), port))
        await stack.enter_async_context(serving(build(config), config.port))
        yield config


@contextmanager
def settings_of(place: Installation) -> Generator[GatewaySettings]:
    """Settings of every service, with this database and fresh keys."""
    key = Ed25519PrivateKey.generate()
    given = {
        **{f"OFFCUT_{service.upper()}_DATABASE_URL": place.url for service in SERVICES},
        "OFFCUT_PUBLIC_KEY": _encoded(key.public_key().public_bytes_raw()),
        "OFFCUT_PRIVATE_KEY": _encoded(key.private_bytes_raw()),
        **dict.fromkeys(("OFFCUT_CURSOR_KEY", "OFFCUT_REFRESH_KEY", "OFFCUT_INGESTION_CREDENTIALS_KEY"), "tests"),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(name, value)
        for service in SERVICES:
            room: Any = import_module(f"{package_of(service)}.settings")
            room.settings.cache_clear()
        yield GatewaySettings.load().model_copy(
            update={
                "port": free_port(),
                "upstream_ports": {service: (free_port(),) for service in SERVICES if service != "gateway"},
                "worker_ports": {service: free_port() for service in SERVICES},
                "boot_wait_seconds": 1.0,
                "registrations_per_address_max": 10_000,
                "resets_per_address_max": 10_000,
                "address_failures_max": 1_000_000,
                "rates_times": 1_000_000,
            }
        )


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
