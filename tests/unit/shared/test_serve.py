"""How every process listens, and for how long it keeps what."""

import re

from deploy.embedded.place import ROOT
from shared.serve import ACCEPT_SECONDS, GRACE_SECONDS, KEEP_ALIVE_SECONDS, LINGER_SECONDS, listening, server_of
from tests.support.ports import free_port


async def nothing(*_: object) -> None:
    """An app that is never asked."""


def test_port_when_opened_then_only_this_machine_reaches_it() -> None:
    with listening(free_port()) as one:
        assert one.getsockname()[0] == "127.0.0.1"
    assert server_of(nothing).config.host == "127.0.0.1"


def test_connections_when_idle_then_kept_longer_than_nginx_keeps_them() -> None:
    said = re.findall(r"keepalive_timeout (\d+)s;", (ROOT / "deploy/nginx.conf").read_text())
    assert len(said) == 2
    assert all(int(seconds) < KEEP_ALIVE_SECONDS == server_of(nothing).config.timeout_keep_alive for seconds in said)


def test_end_when_told_then_comes_before_it_is_forced() -> None:
    config = server_of(nothing).config
    script = (ROOT / "deploy/pm2.js").read_text()
    [stop] = re.findall(r"STOP_SECONDS = (\d+)", script)
    assert "kill_timeout: (STOP_SECONDS + 2) * 1000" in script
    assert config.timeout_graceful_shutdown == GRACE_SECONDS
    assert int(stop) + 2 > ACCEPT_SECONDS + LINGER_SECONDS + GRACE_SECONDS
