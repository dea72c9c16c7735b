"""The worker process of a service: its readers, its relay and its timed jobs in one event loop."""

from collections.abc import Sequence

from shared.config import ServiceSettings
from shared.consumer.subscriptions import Subscription
from shared.scheduler import Job


def run_worker(settings: ServiceSettings, *, subscriptions: Sequence[Subscription], jobs: Sequence[Job]) -> None:
    """Run until SIGINT or SIGTERM. The command line names the roles: ``consumer relay scheduler``, default all."""
    raise NotImplementedError
