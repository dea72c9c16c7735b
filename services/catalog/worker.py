"""The worker of catalog: ``python -m services.catalog.worker [consumer] [relay] [scheduler]``, default all three."""

from services.catalog.handlers import SUBSCRIPTIONS
from services.catalog.jobs import JOBS
from services.catalog.settings import settings
from shared.worker import run_worker


def main() -> None:
    """Run until a signal."""
    run_worker(settings(), subscriptions=SUBSCRIPTIONS, jobs=JOBS)


if __name__ == "__main__":
    main()
