"""Every failure is an RFC 9457 problem with a stable code; the text says what to change.

AppError
├── BadRequest 400        malformed_request, invalid_cursor, invalid_filter, idempotency_key_required
├── NotAuthenticated 401  not_authenticated, token_expired, token_revoked
├── NotAllowed 403        not_allowed, scope_missing, organization_suspended
├── NotFound 404          not_found (also for anything the caller may not see)
├── Conflict 409          state_conflict, request_in_progress, already_interested, …
├── Gone 410              gone (a link that was used or is too old)
├── Precondition 412/428  version_mismatch, if_match_required
├── TooLarge 413, UnsupportedMedia 415
├── Invalid 422           validation_failed, unknown_field, idempotency_key_reused
├── RateLimited 429
└── Unavailable 503       service_unavailable, no_room (a disk is full)
"""

import errno
import logging
from collections.abc import Mapping
from typing import ClassVar

import orjson
import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from shared import trace
from shared.log import without_tokens

LOG = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
# Besides being away: read-only after a failover, and a session that the server ended because this process was stopped.
_AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg.errors.IdleInTransactionSessionTimeout,
)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
OUR_FAULT = "Something went wrong on our side; try again, and if it stays so tell the operator the trace_id."


class AppError(Exception):
    """A refusal that a client can act on. ``detail`` is one plain sentence; ``extra`` are further members."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"

    def __init__(
        self, detail: str, *, slug: str | None = None, headers: Mapping[str, str] | None = None, **extra: object
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = slug or self.slug
        self.headers = dict(headers or {})
        self.extra = extra


class BadRequest(AppError):
    status, slug, title = 400, "malformed_request", "Malformed request"


class InvalidFilter(BadRequest):
    """A filter or sort key that does not exist, or on a field the caller may not see."""

    slug, title = "invalid_filter", "Invalid filter"


class NotAuthenticated(AppError):
    status, slug, title = 401, "not_authenticated", "Not signed in"

    def __init__(self, detail: str, *, slug: str | None = None) -> None:
        super().__init__(detail, slug=slug, headers={"WWW-Authenticate": "Bearer"})


class NotAllowed(AppError):
    status, slug, title = 403, "not_allowed", "Not allowed"


class NotFound(AppError):
    status, slug, title = 404, "not_found", "Not found"


class Conflict(AppError):
    status, slug, title = 409, "state_conflict", "Not possible in the present state"


class Gone(AppError):
    status, slug, title = 410, "gone", "Gone"


class VersionMismatch(AppError):
    status, slug, title = 412, "version_mismatch", "Changed by somebody else"


class IfMatchRequired(AppError):
    status, slug, title = 428, "if_match_required", "If-Match required"


class TooLarge(AppError):
    status, slug, title = 413, "payload_too_large", "Too large"


class UnsupportedMedia(AppError):
    status, slug, title = 415, "unsupported_media_type", "Unsupported media type"


class Invalid(AppError):
    status, slug, title = 422, "validation_failed", "Validation failed"


class RateLimited(AppError):
    status, slug, title = 429, "rate_limited", "Too many requests"


class Unavailable(AppError):
    status, slug, title = 503, "service_unavailable", "Service unavailable"

    def __init__(self, detail: str, *, slug: str | None = None, retry_after_seconds: int = 2) -> None:
        super().__init__(detail, slug=slug, headers={"Retry-After": str(retry_after_seconds)})


class NoRoom(Unavailable):
    """A disk is full, ours or the database's: nothing of the request was kept."""

    def __init__(self) -> None:
        super().__init__(
            "There is no room to store this at the moment; send it again later, and tell the operator if it stays so.",
            slug="no_room",
            retry_after_seconds=60,
        )


def problem(request: Request | None, error: AppError) -> Response:
    """The problem document of an error."""
    body: dict[str, object] = {
        "type": f"/mvp/api/problems/{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "trace_id": trace.current().correlation_id,
    }
    if request is not None:
        body["instance"] = without_tokens(request.url.path)
    body.update(error.extra)
    content = orjson.dumps(body, default=str)
    return Response(content, status_code=error.status, headers=error.headers, media_type=MEDIA_TYPE)


def from_validation(error: RequestValidationError) -> AppError:
    """Pydantic's findings, one per field, without echoing what was sent."""
    found: list[dict[str, object]] = []
    for item in error.errors():
        place = [str(part) for part in item["loc"]]
        if item["type"] == "json_invalid":
            return BadRequest("The body is not valid JSON; correct it and send it again.")
        where, rest = (place[0], place[1:]) if place else ("body", [])
        pointer = "#/" + "/".join(rest) if where == "body" else f"{where}:{'/'.join(rest)}"
        code = "unknown_field" if item["type"] == "extra_forbidden" else str(item["type"])
        message = "is not a known member" if code == "unknown_field" else str(item["msg"])
        found.append({"pointer": pointer, "code": code, "message": message})
    only_unknown = all(item["code"] == "unknown_field" for item in found)
    count = "1 field is" if len(found) == 1 else f"{len(found)} fields are"
    slug = "unknown_field" if only_unknown else "validation_failed"
    return Invalid(f"{count} not valid; see errors.", slug=slug, errors=found[:50])


def from_database(error: psycopg.Error) -> AppError:
    """What a database error means to a client; never its text."""
    if isinstance(error, (psycopg.errors.UniqueViolation, psycopg.errors.ExclusionViolation)):
        return Conflict("Somebody else did this at the same moment; read the resource again.")
    if isinstance(error, psycopg.errors.DiskFull):
        LOG.error("the disk of the database is full", exc_info=error)
        return NoRoom()
    if isinstance(error, _AWAY):
        return Unavailable("The database does not answer at the moment; try again.")
    if isinstance(error, (psycopg.DataError, psycopg.errors.UntranslatableCharacter)):
        return Invalid("A value cannot be stored: out of range, or with a character that is not allowed; correct it.")
    LOG.error("database error", exc_info=error)
    return AppError(OUR_FAULT)


def install(app: FastAPI) -> None:
    """Register one handler per kind of failure."""

    async def on_app_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, AppError)  # noqa: S101 - registered for this class only
        return problem(request, error)

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        return problem(request, from_validation(error))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        # FastAPI wraps what reading the body raised; our own error says more.
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.errno in _FULL:
            return await on_disk(request, cause)
        return problem(request, cause if isinstance(cause, AppError) else _from_http(error))

    async def on_disk(request: Request, error: Exception) -> Response:
        """What is sent waits in a file while it comes."""
        assert isinstance(error, OSError)  # noqa: S101
        if error.errno not in _FULL:
            raise error
        LOG.error("the disk for what is being sent is full", exc_info=error)
        return problem(request, NoRoom())

    async def on_database(request: Request, error: Exception) -> Response:
        if isinstance(error, PoolTimeout):
            return problem(request, Unavailable("The database does not answer at the moment; try again."))
        assert isinstance(error, psycopg.Error)  # noqa: S101
        return problem(request, from_database(error))

    async def on_anything(request: Request, error: Exception) -> Response:
        LOG.error("unexpected error", exc_info=error, extra={"path": request.url.path})
        return problem(request, AppError(OUR_FAULT))

    app.add_exception_handler(AppError, on_app_error)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(OSError, on_disk)
    app.add_exception_handler(psycopg.Error, on_database)
    app.add_exception_handler(PoolTimeout, on_database)
    app.add_exception_handler(Exception, on_anything)


def _from_http(error: HTTPException) -> AppError:
    if error.status_code == 404:
        return NotFound("There is nothing at this address; /mvp/api/docs/ lists what there is.")
    if error.status_code == 405:
        return _MethodNotAllowed(
            "This address does not take this method; the Allow header names those it takes.",
            headers=error.headers or {},
        )
    if error.status_code == 413:
        return TooLarge(str(error.detail))
    return BadRequest(str(error.detail))


class _MethodNotAllowed(AppError):
    status, slug, title = 405, "method_not_allowed", "Method not allowed"
