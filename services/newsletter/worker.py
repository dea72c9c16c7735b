"""The worker of newsletter: ``python -m services.newsletter.worker [consumer] [relay] [scheduler]``."""

from services.newsletter.handlers import SUBSCRIPTIONS
from services.newsletter.jobs import JOBS
from services.newsletter.settings import settings
from services.newsletter.store.personal import about
from shared.worker import run_worker


def main() -> None:
    run_worker(settings(), subscriptions=SUBSCRIPTIONS, jobs=JOBS, personal=about)


if __name__ == "__main__":
    main()
