"""Settings of the gateway; the unit is in the name, the reason beside the number."""

from functools import cache
from typing import Self

from pydantic import AliasChoices, Field, model_validator
from pydantic_settings import SettingsConfigDict

from shared.config import ServiceSettings


class GatewaySettings(ServiceSettings):
    """See ``shared.config`` for where values come from."""

    model_config = SettingsConfigDict(env_prefix="OFFCUT_GATEWAY_")

    service: str = "gateway"
    port: int = 8910
    worker_port: int = 8950
    private_key: str = Field(validation_alias=AliasChoices("OFFCUT_PRIVATE_KEY"))  # Ed25519, raw, base64url
    refresh_key: str = Field(validation_alias=AliasChoices("OFFCUT_REFRESH_KEY"))  # secret of their successors
    # first segment decides the service; the ports are those of one machine, other hosts by setting
    upstream_host: str = "127.0.0.1"
    upstream_ports: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    trusted_proxies: tuple[str, ...] = ()  # peers whose X-Forwarded-For is believed: nginx, in production
    access_token_seconds: int = 900  # as short as a revocation list kept in memory should be
    refresh_token_days: int = 30
    refresh_grace_seconds: int = 10  # two tabs that refresh at the same moment
    password_threads: int = 2  # Argon2id holds a core for 18 ms; two keep the event loop and the cores free
    login_failures_max: int = 5
    login_pause_seconds: int = 60  # doubles with each further failure
    connect_seconds: float = 2.0
    first_byte_seconds: float = 30.0
    idle_seconds: float = 60.0  # between two parts of a body, in either direction; there is no limit in total
    boot_wait_seconds: float = 15.0  # a refused connection is tried again for longer than a start takes
    body_bytes_max: int = 1 << 20
    upload_bytes_max: int = 64 << 20

    @model_validator(mode="after")
    def _default_ports(self) -> Self:
        if not self.upstream_ports:
            first = self.port + 1
            names = ("ingestion", "catalog", "matching", "exclusivity", "newsletter")
            # The settings are frozen for everybody else.
            object.__setattr__(self, "upstream_ports", {name: (first + i,) for i, name in enumerate(names)})
        return self


@cache
def settings() -> GatewaySettings:
    """Read once, at start."""
    return GatewaySettings.load()
