"""Settings of matching; the environment variables are ``OFFCUT_MATCHING_<NAME>``."""

from functools import cache

from pydantic_settings import SettingsConfigDict

from shared.config import ServiceSettings


class MatchingSettings(ServiceSettings):
    """Numbers of matching, each with its reason."""

    model_config = SettingsConfigDict(env_prefix="OFFCUT_MATCHING_", frozen=True, extra="ignore", populate_by_name=True)

    service: str = "matching"
    port: int = 8913
    worker_port: int = 8953

    requirements_per_buyer_max: int = 200  # active ones; the largest merchants keep about 120
    matches_per_item_max: int = 500  # best buyers kept per lot; also the length of one event
    items_per_run_max: int = 500  # one part of a batch is scored in one transaction
    requirements_per_run_max: int = 50  # each may meet every open lot of its grades, so fewer at a time


@cache
def settings() -> MatchingSettings:
    """Read once."""
    return MatchingSettings.load()
