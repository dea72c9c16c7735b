"""What routes need to know of a request besides its body."""

from typing import Annotated

from fastapi import Depends, Request

from gateway.settings import GatewaySettings


async def _settings(request: Request) -> GatewaySettings:
    return request.app.state.settings


Settings = Annotated[GatewaySettings, Depends(_settings)]


def address_of(request: Request) -> str:
    """Where a request came from, as limits count it; the server has looked through the proxy already."""
    return request.client.host if request.client else "unknown"
