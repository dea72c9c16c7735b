"""API tokens: how programs sign in."""

from dataclasses import asdict
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from gateway import schemas
from gateway.api.doors import Settings
from gateway.store import api_tokens as store
from gateway.usecases import api_tokens as usecases
from shared.auth import AnyActor
from shared.db import clock
from shared.idempotency import Keyed
from shared.listing import Asked, listed
from shared.paging import Page
from shared.service import Transaction, router

api_tokens = router("API tokens & webhooks")


@api_tokens.get(
    "/api-tokens",
    response_model=Page[schemas.ApiToken],
    summary="API tokens in force, newest first; never their secrets",
)
async def list_api_tokens(
    actor: AnyActor, asked: Annotated[Asked, listed(store.TOKENS)]
) -> Page[schemas.ApiToken] | Response:
    usecases.only_owners(actor)
    own = None if actor.is_admin else actor.organization_id
    return await asked.answer(
        partial(store.listed, organization_id=own), lambda one: schemas.ApiToken.model_validate(asdict(one))
    )


@api_tokens.post("/api-tokens", status_code=201, summary="Make a token with limited scopes; its secret is shown once")
async def create_api_token(
    body: schemas.ApiTokenWish, actor: AnyActor, conn: Transaction, request: Request, settings: Settings, key: Keyed
) -> schemas.NewApiToken:
    wish = usecases.Wish(
        name=body.name, scopes=tuple(body.scopes), networks=tuple(body.networks), days=body.expires_in_days
    )
    made, secret = await usecases.make(conn, wish, actor=actor, settings=settings, now=await clock(conn))
    answer = schemas.NewApiToken.model_validate({**asdict(made), "secret": secret})
    request.state.kept_body = answer.model_copy(update={"secret": None}).model_dump_json().encode()
    return answer


@api_tokens.delete("/api-tokens/{token_id}", status_code=204, summary="Revoke a token at once")
async def revoke_api_token(token_id: UUID, actor: AnyActor, conn: Transaction) -> None:
    await usecases.revoke(conn, token_id, actor=actor, now=await clock(conn))
