"""The worker process: ``python -m services.matching.worker [consumer] [relay] [scheduler]``, all three by default."""

from services.matching.handlers import SUBSCRIPTIONS
from services.matching.jobs import JOBS
from services.matching.settings import settings
from shared.worker import run_worker


def main() -> None:
    run_worker(settings(), subscriptions=SUBSCRIPTIONS, jobs=JOBS)


if __name__ == "__main__":
    main()
