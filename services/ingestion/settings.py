"""Numbers and addresses of ingestion."""

from functools import cache

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.config import ServiceSettings

MIB = 1 << 20


class IngestionSettings(ServiceSettings):
    """Environment: ``OFFCUT_INGESTION_<NAME>``; the addresses of the mail server hold for the whole stack."""

    model_config = SettingsConfigDict(env_prefix="OFFCUT_INGESTION_")

    service: str = "ingestion"
    port: int = 8911
    worker_port: int = 8951

    imap_url: SecretStr | None = Field(None, validation_alias=AliasChoices("OFFCUT_IMAP_URL"))
    """``imaps://user:password@host:port/folder`` that mills write to; ``None``: only the mailboxes of the API."""
    authserv_id: str = Field("mx.offcut.example", validation_alias=AliasChoices("OFFCUT_AUTHSERV_ID"))
    """The name our own mail server puts first in its Authentication-Results; nobody else's count. The preset is the
    embedded server's: with a mail server of your own no mail of a mill is believed until this names it."""
    credentials_key: SecretStr | None = None  # seals passwords of mailboxes added by the API; without it none can be

    message_bytes_max: int = 35 * MIB  # a 25 MiB attachment in base64, as the large providers take it
    messages_per_poll_max: int = 100  # then the next poll goes on; keeps one flooded mailbox from starving the others
    imap_call_seconds: float = 30
    imap_idle_seconds: float = 240  # servers may close an idle connection after 29 minutes, firewalls after 5
    fetch_attempts_max: int = 3  # then the mail is recorded as not fetched and the rest goes on

    read_attempts_max: int = 3
    lease_seconds: int = 120  # longer than two readings of a list at their time limit
    sandbox_memory_bytes: int = 1024 * MIB
    sandbox_cpu_seconds: int = 30
    sandbox_wall_seconds: float = 40
    sheet_memory_bytes: int = 512 * MIB
    sheet_cpu_seconds: int = 4  # a data sheet of four pages takes half a second
    sheet_wall_seconds: float = 10
    resend_after_seconds: int = 600
    review_reminder_days: int = 3  # a weekend may pass without a reminder
    review_days_max: int = 14
    extractor_url: str | None = Field(
        None, validation_alias=AliasChoices("OFFCUT_INGESTION_EXTRACTOR_URL", "OFFCUT_EXTRACTOR_URL", "EXTRACTOR_URL")
    )
    """Where a service that reads data sheets listens, such as ``http://127.0.0.1:8925/extract``; ``None``: we read them
    ourselves only."""
    extractor_seconds: float = 30  # of one question in all, however slowly the answer comes
    extractor_connect_seconds: float = 3
    extractor_answer_bytes_max: int = 2 * MIB  # eight hundred values with their snippets are half of it
    extractor_attempts_max: int = 3  # then the sheet is read here
    extractor_retry_seconds: float = 30  # doubled each time
    extractor_failures_max: int = 3  # of any sheets in a row; then it is left alone
    extractor_rest_seconds: float = 60
    mailbox_silent_seconds_max: int = 900  # three polls that failed: no longer a hiccup


@cache
def settings() -> IngestionSettings:
    """Read once, at start."""
    return IngestionSettings.load()
