"""``ETag`` and ``If-Match``: nobody overwrites what he has not seen."""

from typing import Annotated

from fastapi import Depends, Header, Response

from shared.problems import BadRequest, IfMatchRequired, VersionMismatch


async def _version_if_any(
    if_match: Annotated[str | None, Header(description="ETag of the version you changed")] = None,
) -> int | None:
    if if_match is None:
        return None
    number = if_match.strip().removeprefix("W/").strip('"').partition("-")[0]
    if not number.isdigit() or len(number) > 18:
        raise BadRequest('If-Match must be an ETag as we gave it, like "3".')
    return int(number)


async def _version(seen: Annotated[int | None, Depends(_version_if_any)]) -> int:
    if seen is None:
        raise IfMatchRequired("Send the ETag of the version you read in If-Match.")
    return seen


ExpectedVersion = Annotated[int, Depends(_version)]
"""The version that the client has seen, from ``If-Match``; 428 without."""

SeenVersion = Annotated[int | None, Depends(_version_if_any)]
"""The same where the thing may be new: ``None`` without the header, and the use case refuses what is not."""


def check_version(current: int, expected: int) -> None:
    """Raise ``VersionMismatch`` unless the client saw the newest version."""
    if current != expected:
        raise VersionMismatch(
            "It was changed since you read it; read it again and repeat your change.",
            headers={"ETag": f'"{current}"'},
            current_version=current,
        )


def tag(response: Response, version: int, viewer: str | None = None) -> None:
    """Set the entity tag; a redacted view has its own."""
    response.headers["ETag"] = f'"{version}-{viewer}"' if viewer else f'"{version}"'
