"""Numbers and addresses of this service."""

from functools import cache

from pydantic_settings import SettingsConfigDict

from services.exclusivity.domain import Terms
from shared.config import ServiceSettings


class ExclusivitySettings(ServiceSettings):
    """``OFFCUT_EXCLUSIVITY_*``."""

    model_config = SettingsConfigDict(env_prefix="OFFCUT_EXCLUSIVITY_")

    service: str = "exclusivity"
    port: int = 8914
    worker_port: int = 8954
    api_pool_size_max: int = 6  # the rush for one lot waits for its row here; others must get past it
    # A thousand buyers may ask for one lot in the same second; they wait for their turn instead of being turned away.
    pool_wait_seconds: float = 25
    window_hours: int = 48  # elapsed hours, not business hours
    grants_max: int = 3  # per listing cycle
    extension_hours: int = 24
    extensions_max: int = 1
    reminder_hours: tuple[int, ...] = (24, 4)  # before the end
    expiry_slice_max: int = 500  # lots per transaction: a backlog after downtime drains in bounded steps

    def terms(self) -> Terms:
        """The numbers that the rules need."""
        return Terms(
            window_hours=self.window_hours,
            grants_max=self.grants_max,
            extension_hours=self.extension_hours,
            extensions_max=self.extensions_max,
            reminder_hours=self.reminder_hours,
            slice_max=self.expiry_slice_max,
        )


@cache
def settings() -> ExclusivitySettings:
    """Read once, at start."""
    return ExclusivitySettings.load()
