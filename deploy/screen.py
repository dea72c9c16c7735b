"""What the commands say to the person who runs them."""

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from rich.console import Console

CONSOLE = Console(highlight=False, soft_wrap=True)


@contextmanager
def step(what: str) -> Generator[list[str]]:
    """Show a step while it runs, then its time; whatever the caller appends to the yielded list stands behind it."""
    notes: list[str] = []
    began = time.monotonic()
    with CONSOLE.status(what):
        yield notes
    CONSOLE.print(f"  [green]✓[/] {what} [dim]{time.monotonic() - began:.1f} s[/]{''.join(f'  {n}' for n in notes)}")


def say(text: str = "") -> None:
    CONSOLE.print(text)


def list_facts(facts: Sequence[tuple[str, str]]) -> None:
    """One line each, never broken or cut by us: addresses and commands are there to be copied."""
    width = max(len(name) for name, _ in facts)
    for name, text in facts:
        CONSOLE.print(f"{name:{width}}   {text}", markup=False)


def fail(text: str) -> None:
    CONSOLE.print(f"\n[red]✗[/] {text}", markup=True)
