"""The worker of exclusivity: ``python -m services.exclusivity.worker [consumer relay scheduler]``, default all."""

from services.exclusivity.handlers import SUBSCRIPTIONS
from services.exclusivity.jobs import JOBS
from services.exclusivity.settings import settings
from services.exclusivity.store.personal import about
from shared.worker import run_worker


def main() -> None:
    run_worker(settings(), subscriptions=SUBSCRIPTIONS, jobs=JOBS, personal=about)


if __name__ == "__main__":
    main()
