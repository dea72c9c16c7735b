"""What people do with lists, through the API."""

from collections.abc import Mapping
from typing import cast
from uuid import UUID, uuid4

import httpx

from tests.integration.ingestion.market import Market, csv_list
from tests.support.tokens import bearer


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


async def call(
    market: Market, method: str, path: str, headers: Mapping[str, str], body: object = None
) -> httpx.Response:
    async with market.client() as client:
        return await client.request(method, path, json=body, headers=headers)


async def reviewed(market: Market, *lines: str) -> tuple[UUID, int]:
    """A list of the untrusted mill that waits for a person."""
    response = await market.upload(csv_list(*lines), mill=market.untrusted)
    await market.read_lists()
    batch_id = UUID(response.json()["id"])
    batch = await market.batch(batch_id)
    assert batch["status"] == "review_required", batch
    return batch_id, cast(int, batch["version"])


def mill(market: Market, version: int | None = None) -> dict[str, str]:
    headers = bearer("mill_user", market.untrusted)
    return headers if version is None else headers | {"If-Match": f'"{version}"'}
