"""Settings of the gateway; the unit is in the name, the reason beside the number."""

import hashlib
import hmac
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
    worker_ports: dict[str, int] = Field(default_factory=dict)  # health and dead letters of every worker
    trusted_proxies: tuple[str, ...] = ()  # peers whose X-Forwarded-For is believed: nginx, in production
    access_token_seconds: int = 900  # as short as a revocation list kept in memory should be
    refresh_token_days: int = 30
    refresh_grace_seconds: int = 10  # two tabs that refresh at the same moment
    password_threads: int = 2  # Argon2id holds a core for 18 ms; two keep the event loop and the cores free
    login_failures_max: int = 5
    login_pause_seconds: int = 60  # doubles with each further failure
    address_failures_max: int = 60  # of all accounts together: a company behind one address has many people
    attempts_window_seconds: int = 900  # a break this long starts the count anew
    resets_per_address_max: int = 10
    registrations_per_address_max: int = 5
    reset_minutes: int = 30
    reset_pause_minutes: int = 5  # one mail; the link in it works, so nobody is locked out by other people's requests
    invitation_days: int = 7
    api_token_seconds: int = 120  # a token exchanged for an API token; asked for again after that
    api_token_days_default: int = 90
    api_tokens_per_organization_max: int = 50
    # 20 a second: a person's page asks ten at once, a list is read to its end with 200 rows at a time
    requests_per_user_and_minute: int = 1200
    requests_per_token_and_minute: int = 3000  # programs
    requests_per_address_and_minute: int = 6000  # a company behind one address
    unsigned_requests_per_address_and_minute: int = 300  # signing in, links of mails, tokens that are not in force
    rates_times: int = 1  # for measurements and tests, which ask faster than anybody may
    live_streams_per_user_max: int = 8  # a few tabs and a program
    live_streams_max: int = 2000  # of one process; each has a queue
    live_frames_max: int = 2000  # some 400 KB; more than the history is read at a time, or a burst cuts everybody
    events_kept_days: int = 30  # what live clients can go on from
    notifications_kept_days: int = 90
    notification_age_hours_max: int = 72  # what happened longer ago is history by the time we hear of it
    origins_kept_days: int = 365  # addresses are personal: those of changes go after a year
    figures_kept_days: int = 120
    archive_days: int = 7  # how long a person can fetch what he asked for
    archive_attempts_max: int = 20
    archive_lease_seconds: int = 30  # then services that did not answer are asked again
    smtp_url: str = Field("smtp://127.0.0.1:8922", validation_alias=AliasChoices("OFFCUT_SMTP_URL"))
    smtp_timeout_seconds: float = 30.0
    from_address: str = "accounts@offcut.example"
    from_name: str = "Offcut"
    mails_per_claim: int = 10
    mail_lease_seconds: int = 330  # ten times the SMTP timeout and a little: a live sender never loses its claim
    mail_attempts_max: int = 12
    connect_seconds: float = 2.0
    first_byte_seconds: float = 30.0
    idle_seconds: float = 60.0  # between two parts of a body, in either direction; there is no limit in total
    boot_wait_seconds: float = 15.0  # a refused connection is tried again for longer than a start takes
    body_bytes_max: int = 1 << 20
    upload_bytes_max: int = 64 << 20

    @property
    def link_key(self) -> bytes:
        """Makes tokens in mails and the check of API tokens; derived, so that no secret has two uses."""
        return hmac.digest(self.refresh_key.encode(), b"links of the gateway", hashlib.sha256)

    @model_validator(mode="after")
    def _default_ports(self) -> Self:
        if not self.upstream_ports:
            first = self.port + 1
            names = ("ingestion", "catalog", "matching", "exclusivity", "newsletter")
            # The settings are frozen for everybody else.
            object.__setattr__(self, "upstream_ports", {name: (first + i,) for i, name in enumerate(names)})
        if not self.worker_ports:
            names = ("gateway", "ingestion", "catalog", "matching", "exclusivity", "newsletter")
            object.__setattr__(self, "worker_ports", {name: self.worker_port + i for i, name in enumerate(names)})
        return self


@cache
def settings() -> GatewaySettings:
    """Read once, at start."""
    return GatewaySettings.load()
