"""Settings of catalog."""

from functools import cache

from pydantic_settings import SettingsConfigDict

from shared.config import ServiceSettings


class CatalogSettings(ServiceSettings):
    """Everything here can be set as ``OFFCUT_CATALOG_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="OFFCUT_CATALOG_")

    service: str = "catalog"
    port: int = 8912
    worker_port: int = 8952
    api_pool_size_max: int = 5  # a search with facets holds its connection longest, and everybody searches
    # Planning the joins of the search anew for each request takes longer than the search, and finds the same plan.
    api_generic_plans: bool = True
    listing_days: int = 60  # an offer that nobody confirmed for two months is rarely still in the warehouse
    sale_cancellation_days: int = 14  # later a cancelled sale is a new lot
    due_items_max: int = 500  # items moved by one run of a timer: one set event


@cache
def settings() -> CatalogSettings:
    """The settings of this process, read once."""
    return CatalogSettings.load()
