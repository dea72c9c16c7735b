"""The gateway's worker: ``python -m gateway.worker [consumer relay scheduler]``."""

from gateway.handlers import SUBSCRIPTIONS
from gateway.jobs import JOBS
from gateway.settings import settings
from shared.worker import run_worker


def main() -> None:
    run_worker(settings(), subscriptions=SUBSCRIPTIONS, jobs=JOBS)


if __name__ == "__main__":
    main()
