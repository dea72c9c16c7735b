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
    # Connection budget of one machine, docs/adr/0006: every API up to api_pool_size_max, every worker up to
    # worker_pool_size_max and one for locks and LISTEN, every gateway API one more that listens for ended sessions.
    # 64 in development (80 allowed), 92 in production with two APIs each, of the 97 that PostgreSQL's preset leaves;
    # the rest is for migrations, bin/events and psql. tests/unit/test_connections.py adds it up.
    api_pool_size_max: int = 4  # a request holds one for 2 to 20 ms: four carry some hundred requests a second
    worker_pool_size_max: int = 5  # the relay, two streams, a job and the health page at once; the others wait a moment
    pool_wait_seconds: float = 5  # a request that got no connection by then is answered 503
    api_generic_plans: bool = False  # an API's statements are planned once, whatever is asked for
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
        return cls(_env_file=os.environ.get("OFFCUT_SECRETS_FILE"))  # pyright: ignore[reportCallIssue] – pydantic-settings takes it, its types do not say so
