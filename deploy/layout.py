"""Where an installation keeps what it writes, and which ports it uses; a test shifts both to run beside a real one."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from deploy.choices import Choices
from deploy.embedded.place import ROOT, state_directory
from deploy.secrets_file import read_secrets

SERVICES = ("ingestion", "catalog", "matching", "exclusivity", "newsletter", "gateway")
INFRA_PORTS = {"postgres": 8920, "redis": 8921, "smtp": 8922, "imap": 8923, "mail_pages": 8924}
SERVICE_PORTS: dict[str, int] = dict(zip(SERVICES, (8911, 8912, 8913, 8914, 8915, 8910), strict=True))

POSTGRES_ADMIN = "OFFCUT_POSTGRES_PASSWORD"  # of the embedded server's administrator, in the secrets file
WORKER_SHIFT = 40
SECOND_API_SHIFT = 20


@dataclass(frozen=True, slots=True)
class Layout:
    var: Path
    offset: int

    @classmethod
    def of_environment(cls) -> Self:
        """Read OFFCUT_VAR (default `var/`) and OFFCUT_PORT_BASE_OFFSET (default: as before), like deploy/pm2.js."""
        given = Path(os.environ.get("OFFCUT_VAR", "var"))
        var = given if given.is_absolute() else ROOT / given
        before = Choices.read(var)
        offset = os.environ.get("OFFCUT_PORT_BASE_OFFSET", before.offset if before else 0)
        return cls(var, int(offset))

    @property
    def servers(self) -> Path:
        """Holds the data of the embedded servers; for root it lies outside of the checkout."""
        return state_directory(self.var)

    @property
    def postgres_data(self) -> Path:
        return self.servers / "postgres"

    @property
    def mail(self) -> Path:
        return self.var / "mail"

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @property
    def secrets_file(self) -> Path:
        return self.var / "secrets.env"

    def secrets(self) -> dict[str, str]:
        return read_secrets(self.secrets_file)

    def port(self, server: str) -> int:
        return INFRA_PORTS[server] + self.offset

    def service_port(self, service: str) -> int:
        return SERVICE_PORTS[service] + self.offset

    def worker_port(self, service: str) -> int:
        """Health and metrics of a worker."""
        return self.service_port(service) + WORKER_SHIFT

    @property
    def gateway_ports(self) -> tuple[int, ...]:
        """Both gateways of production; in development nobody listens on the second."""
        first = self.service_port("gateway")
        return first, first + SECOND_API_SHIFT

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.service_port('gateway')}"
