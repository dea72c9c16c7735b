"""`bin/down`: stop what bin/up started."""

import shutil
import sys
from typing import Annotated

import typer

from deploy import pm2
from deploy.embedded.place import ROOT
from deploy.layout import Layout
from deploy.pm2 import Pm2Failed
from deploy.screen import fail, say, step


def down(
    wipe: Annotated[bool, typer.Option("--wipe", help="Remove all data and keys as well.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before removing.")] = False,
) -> None:
    """Stop everything bin/up started. The data stay unless --wipe is given."""
    layout = Layout.of_environment()
    try:
        stop()
    except Pm2Failed as refused:
        fail(str(refused))
        sys.exit(1)
    if not wipe:
        say("The data are kept; bin/up starts again with them.")
        return
    places = [place for place in {layout.var, layout.servers} if place.exists()]
    if not places:
        return
    if not yes and sys.stdin.isatty():
        typer.confirm(f"Remove {' and '.join(map(str, places))}?", abort=True)
    for place in places:
        shutil.rmtree(place)
        say(f"Removed {place}")


def stop() -> None:
    """Stop the services before the servers they talk to."""
    ours = [process.name for process in pm2.running() if process.checkout == ROOT]
    if not ours:
        say("Nothing of this checkout was running.")
        return
    servers = [name for name in ours if name.startswith("infra-")]
    with step(f"stopping {len(ours)} processes"):
        pm2.delete(name for name in ours if name not in servers)
        pm2.delete(servers)
    if not pm2.any_process():
        pm2.stop_daemon()


def main() -> None:
    app = typer.Typer(add_completion=False)
    app.command()(down)
    app()


if __name__ == "__main__":
    main()
