"""Celery of the peer: the timed jobs of such a market, by beat, on Redis."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peers.django_stack.settings")

import django
from celery import Celery

django.setup()

from django.utils import timezone

from bench.peers.django_stack.models import Delivery, Match, Window

app = Celery("market", broker=os.environ["BENCH_REDIS_URL"])
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    worker_concurrency=2,
    broker_connection_retry_on_startup=True,
    beat_schedule={
        "close windows": {"task": "close_windows", "schedule": 1.0},
        "send deliveries": {"task": "send_deliveries", "schedule": 5.0},
        "count matches": {"task": "count_matches", "schedule": 60.0},
    },
)


@app.task(name="close_windows")
def close_windows() -> int:
    """Delete what is over."""
    return Window.objects.filter(ends_at__lt=timezone.now()).delete()[0]


@app.task(name="send_deliveries")
def send_deliveries() -> int:
    """Mark what was not sent."""
    return Delivery.objects.filter(sent_at=None).update(sent_at=timezone.now())


@app.task(name="count_matches")
def count_matches() -> int:
    """Only look."""
    return Match.objects.count()
