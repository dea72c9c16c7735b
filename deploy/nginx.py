"""`python -m deploy.nginx`: write the configuration of nginx for this installation, with its ports."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.embedded.place import own, server_account
from deploy.layout import Layout
from deploy.screen import say

TEMPLATE = Path(__file__).with_name("nginx.conf")
SIGN_INS_PER_SECOND = 2
CONNECTIONS_PER_ADDRESS = 1024  # of 4,096 of each worker, two for each request
CERTIFICATE_DAYS = 825  # more is refused by some browsers
PAGES = """\
        location /mvp/app/ {
            proxy_pass http://$gateway;
        }
        location ~ ^/mvp/app/(sign-in|invitations|password-resets)(/|$) {
            limit_req zone=knocking burst=@sign_in_burst@ nodelay;
            proxy_pass http://$gateway;
        }"""
FOLDER = """\
        location /mvp/app/ {{
            alias {folder}/;
            try_files $uri /mvp/app/index.html;
            add_header Strict-Transport-Security "max-age=31536000" always;
            add_header X-Content-Type-Options nosniff always;
            add_header Referrer-Policy strict-origin-when-cross-origin always;
            add_header Content-Security-Policy "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' \
data:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'" always;
            add_header Cache-Control "no-cache" always;
        }}"""


@dataclass(frozen=True, slots=True)
class Site:
    """What nginx shows to the world. ``pages`` is the folder of a built front end; None: the gateway's own pages."""

    name: str
    certificate: Path
    key: Path
    state: Path
    logs: Path
    gateway_ports: tuple[int, ...]
    http: int = 80
    https: int = 443
    address: str = ""
    pages: Path | None = None
    sign_ins_per_second: int = SIGN_INS_PER_SECOND
    sign_in_burst: int = 20
    connections_per_address: int = CONNECTIONS_PER_ADDRESS


def render(site: Site) -> str:
    """The whole configuration file."""
    listen = f"{site.address}:" if site.address else ""
    account = server_account()
    values = {
        "user": "user nobody nogroup;" if account else "# Started by an ordinary user, who also runs the workers.",
        "state": site.state,
        "logs": site.logs,
        "servers": "\n        ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in site.gateway_ports),
        "sign_ins": site.sign_ins_per_second,
        "certificate": site.certificate,
        "key": site.key,
        "http": f"{listen}{site.http}",
        "https": f"{listen}{site.https}",
        "name": site.name,
        "authority": site.name if site.https == 443 else f"{site.name}:{site.https}",
        "pages": FOLDER.format(folder=site.pages) if site.pages else PAGES,
        "sign_in_burst": site.sign_in_burst,
        "connections": site.connections_per_address,
    }
    return _filled(_filled(TEMPLATE.read_text("utf-8"), values), values)  # what is filled in may hold words itself


def _filled(text: str, values: Mapping[str, object]) -> str:
    return re.sub(r"@(\w+)@", lambda found: str(values[found[1]]), text)


def make_certificate(name: str, certificate: Path, key: Path) -> None:
    """A certificate that nobody but ourselves vouches for: for tests, and until there is a real one."""
    secret = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    try:
        names = [x509.IPAddress(ip_address(name))]
    except ValueError:
        names = [x509.DNSName(name)]
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=CERTIFICATE_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(secret, hashes.SHA256())
    )
    key.touch(mode=0o600)
    key.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))


def write(
    name: Annotated[str, typer.Option(help="The name people type, as in offcut.example.")] = "localhost",
    http: Annotated[int, typer.Option(help="Port that only leads to https.")] = 80,
    https: Annotated[int, typer.Option(help="Port of everything else.")] = 443,
    certificate: Annotated[Path | None, typer.Option(help="PEM; without one a self-made one is used.")] = None,
    key: Annotated[Path | None, typer.Option(help="PEM, belongs to the certificate.")] = None,
    pages: Annotated[Path | None, typer.Option(help="Folder of a built front end to show at /mvp/app/.")] = None,
    sign_ins_per_second: Annotated[
        int, typer.Option(min=1, help="Of one address, at all doors that are open without a token; 20 more at once.")
    ] = SIGN_INS_PER_SECOND,
    connections_per_address: Annotated[
        int, typer.Option(min=1, help="At the same time; a company has many people behind one.")
    ] = CONNECTIONS_PER_ADDRESS,
) -> None:
    """Write var/nginx/nginx.conf; start it with `nginx -c`."""
    layout = Layout.of_environment()
    folder = layout.var / "nginx"
    folder.mkdir(parents=True, exist_ok=True)
    layout.logs.mkdir(parents=True, exist_ok=True)
    if certificate is None or key is None:
        certificate, key = folder / "certificate.pem", folder / "key.pem"
        if not certificate.exists():
            make_certificate(name, certificate, key)
    state = layout.servers / "nginx"
    state.parent.mkdir(parents=True, exist_ok=True)
    site = Site(
        name=name,
        certificate=certificate.resolve(),
        key=key.resolve(),
        state=own(state, server_account()),
        logs=layout.logs,
        gateway_ports=layout.gateway_ports,
        http=http,
        https=https,
        pages=pages.resolve() if pages else None,
        sign_ins_per_second=sign_ins_per_second,
        connections_per_address=connections_per_address,
    )
    file = folder / "nginx.conf"
    file.write_text(render(site), "utf-8")
    say(f"Written: {file}. Check it with `nginx -t -c {file}`, start it with `nginx -c {file}`.")


def main() -> None:
    app = typer.Typer(add_completion=False)
    app.command()(write)
    app()


if __name__ == "__main__":
    main()
