"""The gateway's own routes: sign in, refresh, sign out, who am I, organisations."""

from typing import Annotated, Literal

from fastapi import Cookie, Depends, Query, Request, Response

from gateway import schemas, usecases
from gateway.errors import TokenRevoked
from gateway.settings import GatewaySettings
from gateway.store import identity
from shared.auth import AnyActor, public
from shared.contracts.gateway import OrganizationChanged
from shared.db import Database, clock
from shared.paging import Page, Paging
from shared.problems import BadRequest, NotFound
from shared.service import Transaction, router

REFRESH_COOKIE = "offcut_refresh"

auth = router("Auth & session")
organizations = router("Organizations")


async def _settings(request: Request) -> GatewaySettings:
    return request.app.state.settings


Settings = Annotated[GatewaySettings, Depends(_settings)]


def give_refresh_cookie(response: Response, token: str, settings: GatewaySettings, *, path: str) -> None:
    """The browser's copy of the refresh token; scripts cannot read it."""
    response.set_cookie(
        REFRESH_COOKIE,
        token,
        max_age=settings.refresh_token_days * 86_400,
        path=path,
        httponly=True,
        secure=settings.public_url.startswith("https:"),
        samesite="strict",
    )


def _tokens(signed_in: usecases.SignedIn, response: Response, settings: GatewaySettings) -> schemas.Tokens:
    give_refresh_cookie(response, signed_in.refresh_token, settings, path="/mvp/api/auth")
    return schemas.Tokens(
        access_token=signed_in.access_token,
        expires_in_seconds=signed_in.expires_in_seconds,
        refresh_token=signed_in.refresh_token,
    )


@auth.post("/auth/login", dependencies=[public], summary="Sign in with e-mail address and password")
async def login(body: schemas.Login, request: Request, response: Response, settings: Settings) -> schemas.Tokens:
    db: Database = request.app.state.db
    address = request.client.host if request.client else "unknown"
    signed_in = await usecases.sign_in(db, email=body.email, password=body.password, address=address, settings=settings)
    return _tokens(signed_in, response, settings)


@auth.post("/auth/refresh", dependencies=[public], summary="Get a new access token")
async def refresh(
    request: Request,
    response: Response,
    settings: Settings,
    body: schemas.Refresh | None = None,
    cookie: Annotated[str | None, Cookie(alias=REFRESH_COOKIE, max_length=200)] = None,
) -> schemas.Tokens:
    token = (body.refresh_token if body else None) or cookie
    if token is None:
        raise BadRequest("Send the refresh token as refresh_token or as cookie.")
    db: Database = request.app.state.db
    # The transaction ends before the refusal: a stolen token must revoke its session and be answered 401.
    async with db.transaction() as conn:
        signed_in = await usecases.refresh(conn, token=token, settings=settings, now=await clock(conn))
    if signed_in is None:
        raise TokenRevoked
    return _tokens(signed_in, response, settings)


@auth.post("/auth/logout", status_code=204, summary="Sign out of this session, or of all")
async def logout(actor: AnyActor, conn: Transaction, response: Response, body: schemas.Logout | None = None) -> None:
    everywhere = body is not None and body.all
    await usecases.end_sessions(
        conn,
        session_id=None if everywhere else actor.session_id,
        person_id=actor.user_id,
        reason="signed out",
        now=await clock(conn),
    )
    response.delete_cookie(REFRESH_COOKIE, path="/mvp/api/auth")


@auth.get("/auth/me", summary="Who is signed in")
async def me(actor: AnyActor, conn: Transaction) -> schemas.Me:
    account = await identity.account(conn, actor.user_id)
    if account is None:
        raise TokenRevoked
    return schemas.Me(
        id=account.id,
        name=account.name,
        email=account.email,
        role=account.role,
        org_role=account.org_role,
        language=account.language,
        time_zone=account.time_zone,
        organization=schemas.OrganizationRef(
            id=account.organization_id,
            kind=account.organization_kind,
            name=account.organization_name,
            status=account.organization_status,
        ),
    )


@organizations.get("/organizations", summary="Organisations: all for the operator, the own one for others")
async def list_organizations(
    actor: AnyActor,
    conn: Transaction,
    response: Response,
    paging: Paging,
    kind: Annotated[Literal["mill", "buyer", "operator"] | None, Query()] = None,
) -> Page[schemas.Organization]:
    found = await identity.organizations(
        conn,
        only=None if actor.is_admin else actor.organization_id,
        kind=kind,
        after=paging.after[0] if paging.after else None,
        limit=paging.limit + 1,
    )
    shown = found[: paging.limit]
    last = (shown[-1].slug,) if len(found) > paging.limit else None
    return paging.page(response, [_organization(one) for one in shown], last)


@organizations.get("/organizations/{organization_id}", summary="One organisation")
async def get_organization(organization_id: schemas.UUID, actor: AnyActor, conn: Transaction) -> schemas.Organization:
    allowed = actor.is_admin or actor.organization_id == organization_id
    found = await identity.organizations(conn, only=organization_id, kind=None, after=None, limit=1) if allowed else []
    if not found:
        raise NotFound("There is no such organisation, or you may not see it; check the id.")
    return _organization(found[0])


def _organization(one: OrganizationChanged) -> schemas.Organization:
    return schemas.Organization(id=one.organization_id, **one.model_dump(include=_SHOWN))


_SHOWN = set(schemas.Organization.model_fields) - {"id"}
