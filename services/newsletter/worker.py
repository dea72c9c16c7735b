"""The worker of newsletter: ``python -m services.newsletter.worker [consumer] [relay] [scheduler]``."""

from services.newsletter.handlers import SUBSCRIPTIONS
from services.newsletter.jobs import JOBS
from services.newsletter.settings import settings
from shared.worker import run_worker


def main() -> None:
    run_worker(settings(), subscriptions=SUBSCRIPTIONS, jobs=JOBS)


if __name__ == "__main__":
    main()
