"""Settings every process has. Environment variables win over the secrets file; both are read once, at start.

``OFFCUT_REDIS_URL`` and the like hold for every process; what belongs to one service carries its name, as in
``OFFCUT_CATALOG_DATABASE_URL``. Secrets come from the file named by ``OFFCUT_SECRETS_FILE`` (mode 0600), because PM2
writes the environment of its children to a file that others can read.
"""

import os
from typing import Self

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Base of each service's settings; a subclass sets ``env_prefix`` and the name of the service."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    service: str
    database_url: str
    port: int
    worker_port: int
    pool_size_max: int = 8  # connection budget: 6 services x (api 8 + worker 6 + locks 2) stays under 100
    pool_wait_seconds: float = 5  # a request that got no connection by then is answered 503
    redis_url: str = Field(validation_alias=AliasChoices("OFFCUT_REDIS_URL"))
    public_key: str = Field(validation_alias=AliasChoices("OFFCUT_PUBLIC_KEY"))  # Ed25519, raw 32 bytes, base64url
    cursor_key: str = Field(validation_alias=AliasChoices("OFFCUT_CURSOR_KEY"))  # signs page cursors
    public_url: str = Field("http://127.0.0.1:8910", validation_alias=AliasChoices("OFFCUT_PUBLIC_URL"))
    # Single events die of themselves; this many in this time die of a wrong version, so the stream stops.
    dead_letters_max: int = Field(100, ge=1, validation_alias=AliasChoices("OFFCUT_DEAD_LETTERS_MAX"))
    dead_letters_seconds: float = Field(600, gt=0, validation_alias=AliasChoices("OFFCUT_DEAD_LETTERS_SECONDS"))
    environment: str = Field("development", validation_alias=AliasChoices("OFFCUT_ENVIRONMENT"))
    log_level: str = Field("INFO", validation_alias=AliasChoices("OFFCUT_LOG_LEVEL"))

    @classmethod
    def load(cls) -> Self:
        """Read the environment and the secrets file; a missing value is named in the error."""
        return cls(_env_file=os.environ.get("OFFCUT_SECRETS_FILE"))  # pyright: ignore[reportCallIssue]
