"""Celery with the same insert as its task, and with a task that does nothing; started by bench/contestants.py.

The worker runs as `celery worker` does with acks_late and two prefork children, without the chatter between workers.
"""

import os
import time

import orjson
import psycopg
from celery import Celery

QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=ERROR")

app = Celery("bench", broker=os.environ.get("BENCH_REDIS_URL"))
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    worker_concurrency=2,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
)
_open: dict[str, psycopg.Connection] = {}


@app.task
def insert(event_id: str, body: str) -> None:
    """Write the effect of one event; a task is one transaction."""
    if "conn" not in _open:
        url = os.environ["BENCH_DATABASE_URL"]
        _open["conn"] = psycopg.connect(url, autocommit=True, options="-c search_path=matching")
    event = orjson.loads(body)
    _open["conn"].execute(
        "INSERT INTO effect (number, event_id, key) VALUES (%(number)s, %(id)s, %(key)s)",
        {"number": event["version"], "id": event_id, "key": event["item_id"]},
    )


@app.task
def nothing(number: int) -> None:
    """Only tell when it ran: one short line, which costs a few microseconds."""
    told = os.open(os.environ["BENCH_TOLD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(told, f"{number} {time.time()}\n".encode())
    os.close(told)


def send_to(broker: str) -> None:
    """Use this broker when tasks are sent from the benchmark's own process."""
    app.conf.broker_url = broker


def main() -> None:
    """Run the worker until a signal."""
    app.worker_main(["worker", "--pool=prefork", *QUIET])


if __name__ == "__main__":
    # The children find the tasks under the name of this module, not under ``__main__``.
    from bench.peers.celery_tasks import main as run

    run()
