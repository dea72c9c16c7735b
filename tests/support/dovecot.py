"""A real Dovecot of the host's packages, unprivileged and in one folder, over Maildirs that a test may fill by hand.

Everybody signs in with the same password and has a mailbox of his own."""

import mailbox
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.process import HOST, listens
from deploy.nginx import make_certificate
from tests.support.ports import free_ports
from tests.support.wait import until_sync

NOBODY = 65534

_CONFIGURATION = """
base_dir = {place}/run
state_dir = {place}/state
log_path = {place}/dovecot.log
protocols = imap
listen = 127.0.0.1
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
first_valid_uid = 1
ssl_cert = <{place}/certificate.pem
ssl_key = <{place}/key.pem
disable_plaintext_auth = no
mail_location = maildir:{place}/mail/%u
mail_plugins = acl
plugin {{
  acl = vfile
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={place}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True, slots=True)
class Dovecot:
    place: Path
    imap_port: int
    imaps_port: int
    password: str

    @property
    def certificate(self) -> Path:
        return self.place / "certificate.pem"

    def url(self, account: str, *, port: int | None = None, tls: bool = False) -> str:
        scheme, own = ("imaps", self.imaps_port) if tls else ("imap", self.imap_port)
        return f"{scheme}://{account}:{self.password}@{HOST}:{port or own}/INBOX"

    def open(self, account: str) -> None:
        """Make an empty mailbox."""
        room = self.place / "mail" / account
        mailbox.Maildir(room, create=True)
        for path in [room, *room.rglob("*")]:
            shutil.chown(path, *_owner())

    def drop(self, content: bytes, *, account: str) -> None:
        """Deliver a mail as another program would."""
        box = mailbox.Maildir(self.place / "mail" / account, create=False)
        key = box.add(content)
        shutil.chown(self.place / "mail" / account / "new" / key, *_owner())

    def renumber(self, account: str) -> None:
        """Make the server count anew under another UIDVALIDITY, as after a restore of a backup."""
        room = self.place / "mail" / account
        numbers = room / "dovecot-uidlist"
        head, _, _ = numbers.read_text().partition("\n")
        version, validity, *_ = head.split()
        numbers.write_text(f"{version} V{int(validity[1:]) + 1} N1\n")
        for file in room.glob("dovecot.index*"):
            file.unlink()

    def forbid_flags(self, account: str) -> None:
        """Let the user read and no more: a STORE is answered NO."""
        file = self.place / "mail" / account / "dovecot-acl"
        file.write_text("owner lr\n")
        shutil.chown(file, *_owner())


def _owner() -> tuple[int, int]:
    return (NOBODY, NOBODY) if os.geteuid() == 0 else (os.geteuid(), os.getegid())


@contextmanager
def running_dovecot() -> Generator[Dovecot]:
    """Run a server without a mailbox yet; nothing of it is left."""
    place = Path(tempfile.mkdtemp(prefix="offcut-dovecot-"))
    place.chmod(0o755)
    imap, imaps = free_ports(2)
    server = Dovecot(place, imap, imaps, secrets.token_hex(8))
    _furnish(server)
    command = ["dovecot", "-F", "-c", str(place / "dovecot.conf")]
    if os.geteuid() == 0:
        command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
    with subprocess.Popen(command) as process:
        try:
            until_sync(lambda: listens(imap) or process.poll() is not None, deadline_s=15, what="Dovecot")
            assert process.poll() is None, (place / "dovecot.log").read_text()
            yield server
        finally:
            process.terminate()
            process.wait(15)
            shutil.rmtree(place)


def _furnish(server: Dovecot) -> None:
    uid, gid = _owner()
    place = server.place
    make_certificate(HOST, server.certificate, place / "key.pem")
    values = {"place": place, "user": _name_of("passwd", uid), "group": _name_of("group", gid), "uid": uid, "gid": gid}
    (place / "dovecot.conf").write_text(
        _CONFIGURATION.format(**values, imap=server.imap_port, imaps=server.imaps_port, password=server.password)
    )
    for folder in ("run", "state", "mail"):
        (place / folder).mkdir()
    for path in [place, *place.rglob("*")]:
        shutil.chown(path, uid, gid)


def _name_of(table: str, number: int) -> str:
    """The name behind a number; Dovecot wants names."""
    found = subprocess.run(["getent", table, str(number)], capture_output=True, text=True, check=True)
    return found.stdout.partition(":")[0]
