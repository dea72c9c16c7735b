"""One JSON line per record on standard output; PM2 writes the lines as they are."""

import json
import logging
import re
import sys
from datetime import UTC, datetime

import orjson

from shared import trace

_PLAIN = frozenset(vars(logging.makeLogRecord({})))
_LINE_ENDS = {ord(one): f"\\u{ord(one):04x}" for one in "\x85\u2028\u2029"}  # to some who read logs
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LONG = re.compile(r"[A-Za-z0-9_-]{24}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{24,}")


def without_tokens(path: str) -> str:
    """A path as it may be written down: what opens a door by being known, as in links of mails, is left out."""
    if _LONG.search(path) is None:
        return path
    parts = path.split("/")
    return "/".join("{token}" if _TOKEN.fullmatch(one) and not _UUID.fullmatch(one) else one for one in parts)


class JsonLines(logging.Formatter):
    """Adds the service, the process and the correlation id; extra members of a record are kept."""

    def __init__(self, *, service: str, process: str) -> None:
        super().__init__()
        self._fixed = {"service": service, "process": process}

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            **self._fixed,
            "logger": record.name,
            "message": record.getMessage(),
            "correlation_id": trace.current().correlation_id,
        }
        line.update({key: value for key, value in vars(record).items() if key not in _PLAIN and key != "message"})
        if isinstance(path := line.get("path"), str):
            line["path"] = without_tokens(path)
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        try:
            text = orjson.dumps(line, default=str).decode()
        except TypeError:  # half a character, or a number too large for it
            text = json.dumps(line, default=str, ensure_ascii=False).encode(errors="replace").decode()
        return text if text.isascii() else text.translate(_LINE_ENDS)


def tell(logger: logging.Logger, level: int, message: str, **said: object) -> None:
    """One line without a look for its place in the code: for the lines of every request."""
    if logger.isEnabledFor(level):
        logger.handle(logger.makeRecord(logger.name, level, "", 0, message, (), None, extra=said))


def configure(*, service: str, process: str, level: str = "INFO") -> None:
    """Send every logger of this process through one JSON handler. Call once, at start."""
    # No line of ours says its thread or the number of its process.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines(service=service, process=process))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("uvicorn.access", "uvicorn.error", "aioimaplib", "mail.log"):
        logging.getLogger(noisy).setLevel("WARNING")
