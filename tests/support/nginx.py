"""A real nginx with our configuration, on free ports, in front of whatever listens as the gateway."""

import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.place import own, server_account
from deploy.embedded.process import listens
from deploy.nginx import CONNECTIONS_PER_ADDRESS, Site, make_certificate, render
from tests.support.ports import free_ports
from tests.support.wait import until_sync


@dataclass(frozen=True, slots=True)
class Nginx:
    site: Site
    pid: int

    @property
    def address(self) -> str:
        return f"https://localhost:{self.site.https}"

    @property
    def trust(self) -> ssl.SSLContext:
        """Trusts this one certificate only."""
        return ssl.create_default_context(cafile=str(self.site.certificate))


@contextmanager
def running_nginx(
    gateway_ports: tuple[int, ...], pages: Path | None = None, *, connections_per_address: int = CONNECTIONS_PER_ADDRESS
) -> Generator[Nginx]:
    folder = Path(tempfile.mkdtemp(prefix="offcut-nginx-"))
    folder.chmod(0o755)  # the workers run as somebody else
    http, https = free_ports(2)
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    make_certificate("localhost", certificate, key)
    state = own(folder / "state", server_account())
    site = Site(
        "localhost",
        certificate,
        key,
        state,
        folder,
        gateway_ports,
        http,
        https,
        address="127.0.0.1",
        pages=pages,
        connections_per_address=connections_per_address,
    )
    file = folder / "nginx.conf"
    file.write_text(render(site), "utf-8")
    command = ["nginx", "-e", str(folder / "start.log"), "-c", str(file), "-g", "daemon off;"]
    with subprocess.Popen(command) as process:
        try:
            until_sync(lambda: listens(https) or process.poll() is not None, deadline_s=10, what="nginx")
            assert process.poll() is None, "".join(log.read_text() for log in folder.glob("*.log"))
            yield Nginx(site, process.pid)
        finally:
            process.terminate()
            process.wait(10)
            shutil.rmtree(folder)
