"""Which account runs an embedded server, and where its programs and data lie so that this account reaches them."""

import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Account:
    uid: int
    gid: int


def server_account() -> Account | None:
    """Return the account to change to, or None when this process is an ordinary user and servers run as that user.

    PostgreSQL refuses to run as root, and initdb wants its uid to have a passwd entry; `nobody` exists everywhere.
    """
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def state_directory(var: Path) -> Path:
    """Return where server data live: in `var` itself, or for root in a directory outside of the checkout.

    A checkout under a home of mode 0700 cannot be reached by the account that root's servers run as.
    """
    if os.geteuid() != 0:
        return var
    return Path("/var/lib") / f"offcut-{sha256(str(var).encode()).hexdigest()[:10]}"


def own(path: Path, account: Account | None) -> Path:
    """Make a directory that only the given account can enter."""
    path.mkdir(parents=True, exist_ok=True)
    if account is not None:
        os.chown(path, account.uid, account.gid)
    path.chmod(0o700)
    return path


def reachable(path: Path, account: Account | None, copies: Path) -> Path:
    """Return the path itself when the account can reach it, else a copy of the file or folder below `copies`."""
    if account is None or _open_to_others(path):
        return path
    # The copy carries the time of its source in its name: a new release is copied again, an old one stays as it is.
    source = path.resolve()
    copy = copies / f"{path.name}-{source.stat().st_mtime_ns:x}" / path.name
    if copy.exists():
        return copy
    copies.mkdir(parents=True, exist_ok=True)
    partial = copies / f".{path.name}-{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o755)
    if source.is_dir():
        shutil.copytree(source, partial / path.name, symlinks=True)
    else:
        shutil.copy2(source, partial / path.name)
    copies.chmod(0o755)
    try:
        partial.rename(copy.parent)
    except OSError:  # another start has just finished the same copy
        shutil.rmtree(partial)
    return copy


def _open_to_others(path: Path) -> bool:
    resolved = path.resolve()
    return all(part.stat().st_mode & stat.S_IXOTH for part in (resolved, *resolved.parents))
