"""Starts the stack of ``django_stack`` as it is usually run: gunicorn 1+3, Celery prefork 2, beat."""

import subprocess
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager

from psycopg.conninfo import conninfo_to_dict

from bench import processes
from bench.arena import Arena, Place, until
from tests.support.ports import free_port

STACK = "bench.peers.django_stack"
REQUESTS = 60  # so that each of the three workers has answered some
NOUNS = ("organization", "batch", "item", "requirement", "match", "window", "delivery")


@contextmanager
def running(arena: Arena) -> Generator[list[int]]:
    """Yield the first processes of gunicorn, worker and beat: with tables, without any data."""
    with arena.fresh() as place:
        address = conninfo_to_dict(place.database_url)
        environment = {
            "BENCH_DATABASE": str(address["dbname"]),
            "BENCH_DATABASE_USER": str(address["user"]),
            "BENCH_DATABASE_PASSWORD": str(address["password"]),
            "BENCH_DATABASE_PORT": str(address["port"]),
            "BENCH_REDIS_URL": place.redis_url,
        }
        port = free_port()
        gunicorn = [
            "gunicorn",
            "--workers=3",
            "--no-control-socket",
            f"--bind=127.0.0.1:{port}",
            "--preload",
            f"{STACK}.api:application",
        ]
        worker = ["celery", "--app", f"{STACK}.tasks", "worker", "--pool=prefork", "--loglevel=ERROR"]
        beat = ["celery", "--app", f"{STACK}.tasks", "beat", "--loglevel=ERROR", f"--schedule={place.logs}/beat"]
        made = processes.start([f"{STACK}.schema"], environment=environment, log=place.logs / "schema.log")
        if made.wait(60) != 0:
            raise subprocess.CalledProcessError(made.returncode, sys.executable, place.tail())
        started = [
            processes.start(command, environment=environment, log=place.logs / f"{name}.log")
            for name, command in (("gunicorn", gunicorn), ("worker", worker), ("beat", beat))
        ]
        try:
            _warm(f"http://127.0.0.1:{port}/api", place)
            yield [process.pid for process in started]
        finally:
            processes.stop(started)


def _warm(address: str, place: Place) -> None:
    """Lists of every noun by each worker; what Celery does by itself warms it."""
    until(lambda: _answers(f"{address}/item/"), deadline_s=60, what=lambda: f"gunicorn to answer\n{place.tail()}")
    for turn in range(REQUESTS):
        if not _answers(f"{address}/{NOUNS[turn % len(NOUNS)]}/"):
            raise OSError(f"gunicorn refuses to answer\n{place.tail()}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - loopback
            return answer.status == 200
    except OSError:
        return False
