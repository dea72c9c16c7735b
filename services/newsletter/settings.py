"""Settings of newsletter, with the unit in the name and the reason beside the number."""

import hashlib
import hmac
from functools import cache

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from shared.config import ServiceSettings


class NewsletterSettings(ServiceSettings):
    """``smtp_url``: ``smtp://[user:password@]host:port`` (STARTTLS where offered), ``smtps://`` (TLS at once)."""

    model_config = SettingsConfigDict(env_prefix="OFFCUT_NEWSLETTER_")

    service: str = "newsletter"
    port: int = 8915
    worker_port: int = 8955

    smtp_url: str = Field("smtp://127.0.0.1:8922", validation_alias=AliasChoices("OFFCUT_SMTP_URL"))
    smtp_connections_max: int = 4  # a relay 20 ms away takes 12 to 25 mails/s per connection
    smtp_timeout_seconds: float = 30.0
    from_address: str = "offers@offcut.example"
    from_name: str = "Offcut"
    deliveries_per_claim: int = 40
    lease_seconds: int = 300  # ten times the SMTP timeout: a live sender never loses its claim
    attempts_max: int = 6
    facts_wait_seconds: int = 600  # how long a mail waits for an organisation or item that another stream still holds

    issues_per_run: int = 200  # people per transaction of the timetable
    on_match_quiet_minutes: int = 15  # matches outside a list are collected this long after the last one
    on_match_issues_per_day_max: int = 6
    items_wait_seconds: int = 60  # how long an on_match issue waits for the items of its matches
    spread_seconds_max: int = 600  # a thousand people with 07:00 are not mailed in one second

    @property
    def link_key(self) -> bytes:
        """Makes the tokens in links; derived, so that a page cursor never tells anything about a token."""
        return hmac.digest(self.cursor_key.encode(), b"newsletter links", hashlib.sha256)


@cache
def settings() -> NewsletterSettings:
    """The settings of this process, read once."""
    return NewsletterSettings.load()
