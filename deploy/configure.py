"""Decide which servers to use, and write every address, password and key into var/secrets.env.

What was decided or made once is kept: a second run without DATABASE_URL still uses the server that the first one named.
"""

import base64
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.bootstrap import Plan, role_url
from deploy.choices import ENVIRONMENTS, Choices
from deploy.embedded.process import HOST
from deploy.layout import POSTGRES_ADMIN, SERVICES, Layout
from deploy.mailroom import AUTHSERV_ID
from deploy.secrets_file import write_secrets

DATABASE = "offcut"
GENERATED = (
    POSTGRES_ADMIN,
    "OFFCUT_VALKEY_PASSWORD",
    "OFFCUT_MAIL_PASSWORD",
    "OFFCUT_CURSOR_KEY",
    "OFFCUT_REFRESH_KEY",
    "OFFCUT_INGESTION_CREDENTIALS_KEY",  # seals the passwords of mailboxes that an operator adds
    *(f"OFFCUT_{service.upper()}_DATABASE_PASSWORD" for service in SERVICES),
)
# RFC 8601 puts the name of the mail server first in a header, ended by a blank or a semicolon.
_AUTHSERV_ID = re.compile(r"[A-Za-z0-9._-]{1,253}")
# Whose mails are whose: invitations and links of the gateway, newsletters and notices.
SENDERS = {"OFFCUT_GATEWAY_FROM_ADDRESS": "accounts", "OFFCUT_NEWSLETTER_FROM_ADDRESS": "offers"}
_ADDRESS = re.compile(r"[A-Za-z0-9._+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z][A-Za-z0-9-]{1,62}")
# Each of our servers and the addresses that make it needless.
GIVEN_BY = {"postgres": ("DATABASE_URL",), "redis": ("REDIS_URL",), "mail": ("SMTP_URL", "IMAP_URL")}


@dataclass(frozen=True, slots=True)
class Configuration:
    """`admin_url` is None when the database is a host's and this run was not told its administrator's address."""

    choices: Choices
    admin_url: str | None
    secrets: Mapping[str, str]

    @property
    def plan(self) -> Plan:
        names = {service: f"OFFCUT_{service.upper()}_DATABASE_PASSWORD" for service in SERVICES}
        return Plan(DATABASE, {service: self.secrets[key] for service, key in names.items()})

    def database_url(self, service: str) -> str:
        return self.secrets[f"OFFCUT_{service.upper()}_DATABASE_URL"]


def configure(layout: Layout, given: Mapping[str, str], *, environment: str | None = None) -> Configuration:
    """Write the secrets file and the choices, and return both; None as environment means: as before."""
    known = layout.secrets()
    choices = choose(layout, given, environment=environment)
    values = {**known, **{key: secrets.token_hex(24) for key in GENERATED if key not in known}}
    if "OFFCUT_PRIVATE_KEY" not in values:
        values |= _signing_keys()
    admin_url = given.get("DATABASE_URL")
    if "postgres" in choices.embedded:
        login = f"postgres:{values[POSTGRES_ADMIN]}"
        admin_url = f"postgresql://{login}@{HOST}:{layout.port('postgres')}/postgres"
    if admin_url is not None:
        values |= _role_urls(admin_url, values)
    values |= _addresses(layout, given, choices.embedded, values)
    values |= _senders(given, values, public_url=choices.public_url)
    if values != known:
        write_secrets(layout.secrets_file, values)
    choices.write(layout.var)
    return Configuration(choices, admin_url, values)


def choose(layout: Layout, given: Mapping[str, str], *, environment: str | None) -> Choices:
    """Return what holds from now on: what is given now wins over what was decided before."""
    before = Choices.read(layout.var)
    possible = tuple(GIVEN_BY) if before is None else before.embedded
    usual = before.environment if before else ENVIRONMENTS[0]
    return Choices(
        embedded=tuple(server for server in possible if not all(given.get(url) for url in GIVEN_BY[server])),
        environment=environment or given.get("OFFCUT_ENVIRONMENT") or usual,
        offset=layout.offset,
        public_url=given.get("OFFCUT_PUBLIC_URL") or (before.public_url if before else None),
    )


def _signing_keys() -> dict[str, str]:
    key = Ed25519PrivateKey.generate()
    raw = {
        "OFFCUT_PRIVATE_KEY": key.private_bytes_raw(),
        "OFFCUT_PUBLIC_KEY": key.public_key().public_bytes_raw(),
    }
    return {name: base64.urlsafe_b64encode(value).decode().rstrip("=") for name, value in raw.items()}


def _role_urls(admin_url: str, values: Mapping[str, str]) -> dict[str, str]:
    return {
        f"OFFCUT_{service.upper()}_DATABASE_URL": role_url(
            admin_url, role=service, password=values[f"OFFCUT_{service.upper()}_DATABASE_PASSWORD"], database=DATABASE
        )
        for service in SERVICES
    }


def _addresses(
    layout: Layout, given: Mapping[str, str], embedded: tuple[str, ...], values: Mapping[str, str]
) -> dict[str, str]:
    """Return the addresses of Redis and of the mail servers; one that is given wins over an embedded one.

    Also the name with which the server of the mailbox signs: whoever reads an embedded mailbox believes ours.
    """
    found: dict[str, str] = {}
    if "redis" in embedded:
        found["OFFCUT_REDIS_URL"] = f"redis://:{values['OFFCUT_VALKEY_PASSWORD']}@{HOST}:{layout.port('redis')}/0"
    if "mail" in embedded:
        mailbox = f":{values['OFFCUT_MAIL_PASSWORD']}@{HOST}:{layout.port('imap')}/INBOX"
        found["OFFCUT_SMTP_URL"] = f"smtp://{HOST}:{layout.port('smtp')}"
        found["OFFCUT_IMAP_URL"] = f"imap://lists{mailbox}"
        found["OFFCUT_BOUNCE_IMAP_URL"] = f"imap://bounces{mailbox}"
        found["OFFCUT_AUTHSERV_ID"] = AUTHSERV_ID
    elif named := given.get("OFFCUT_AUTHSERV_ID"):
        if not _AUTHSERV_ID.fullmatch(named):
            raise ValueError("OFFCUT_AUTHSERV_ID is one name as your mail server writes it, like mx.example.org")
        found["OFFCUT_AUTHSERV_ID"] = named
    for name in ("REDIS_URL", "SMTP_URL", "IMAP_URL", "BOUNCE_IMAP_URL"):
        if given.get(name):
            found[f"OFFCUT_{name}"] = given[name]
    return found


def _senders(given: Mapping[str, str], values: Mapping[str, str], *, public_url: str | None) -> dict[str, str]:
    """Return whom mails are from: as given or as before, else an address at the public host, which somebody owns.

    Without a public host the settings' own example addresses stay, which no mail server outside believes.
    """
    host = urlsplit(public_url or "").hostname or ""
    found: dict[str, str] = {}
    for name, mailbox in SENDERS.items():
        address = given.get(name) or values.get(name) or f"{mailbox}@{host}"
        if _ADDRESS.fullmatch(address):
            found[name] = address
        elif given.get(name):
            raise ValueError(f"{name} is one plain address, like {mailbox}@example.org")
    return found


def main() -> None:
    layout = Layout.of_environment()
    layout.var.mkdir(parents=True, exist_ok=True)
    print(
        f"wrote {layout.secrets_file}, embedded: {', '.join(configure(layout, os.environ).choices.embedded) or 'none'}"
    )


if __name__ == "__main__":
    main()
