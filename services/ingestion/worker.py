"""The worker process of ingestion: ``python -m services.ingestion.worker [consumer] [relay] [scheduler]``."""

from services.ingestion.handlers import SUBSCRIPTIONS
from services.ingestion.jobs import JOBS, troubles
from services.ingestion.settings import settings
from services.ingestion.store.personal import about
from shared.worker import run_worker


def main() -> None:
    """Run until PM2 says stop."""
    run_worker(settings(), subscriptions=SUBSCRIPTIONS, jobs=JOBS, personal=about, troubles=troubles)


if __name__ == "__main__":
    main()
