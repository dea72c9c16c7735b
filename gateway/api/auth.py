"""Sign in, refresh, sign out, who am I, change or reset the password."""

from typing import Annotated

from fastapi import Cookie, Path, Request, Response

from gateway import schemas
from gateway.api.doors import Settings, address_of
from gateway.domain import permissions_of
from gateway.errors import TokenRevoked
from gateway.settings import GatewaySettings
from gateway.store import identity, notifications
from gateway.usecases import mails, passwords, sessions
from gateway.usecases.throttle import take_turn
from shared.auth import AnyActor, public
from shared.db import Database, clock
from shared.problems import BadRequest
from shared.service import Transaction, router

REFRESH_COOKIE = "offcut_refresh"

# Answers here hold tokens, and hashing must not hold a transaction: keys of requests are not looked at.
auth = router("Auth & session", keyless=True)
LinkToken = Annotated[str, Path(min_length=20, max_length=100, description="from the link in the mail")]


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


def _tokens(signed_in: sessions.SignedIn, response: Response, settings: GatewaySettings) -> schemas.Tokens:
    give_refresh_cookie(response, signed_in.refresh_token, settings, path="/mvp/api/auth")
    return schemas.Tokens(
        access_token=signed_in.access_token,
        expires_in_seconds=signed_in.expires_in_seconds,
        refresh_token=signed_in.refresh_token,
    )


@auth.post(
    "/auth/login",
    dependencies=[public],
    summary="Sign in with e-mail address and password",
    responses={401: {"description": "wrong"}},
)
async def login(body: schemas.Login, request: Request, response: Response, settings: Settings) -> schemas.Tokens:
    db: Database = request.app.state.db
    signed_in = await sessions.sign_in(
        db, email=body.email, password=body.password, address=address_of(request), settings=settings
    )
    return _tokens(signed_in, response, settings)


@auth.post(
    "/auth/refresh",
    dependencies=[public],
    summary="Get a new access token",
    responses={401: {"description": "ended"}},
)
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
        signed_in = await sessions.refresh(
            conn, token=token, address=address_of(request), settings=settings, now=await clock(conn)
        )
    if signed_in is None:
        raise TokenRevoked
    return _tokens(signed_in, response, settings)


@auth.post("/auth/logout", status_code=204, summary="Sign out of this session, or of all")
async def logout(actor: AnyActor, conn: Transaction, response: Response, body: schemas.Logout | None = None) -> None:
    await sessions.sign_out(conn, actor=actor, everywhere=body is not None and body.all, now=await clock(conn))
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
        permissions=permissions_of(
            account.role,
            is_owner=account.org_role == "owner",
            is_suspended=account.organization_status == "suspended",
        ),
        unread_notifications=await notifications.unread_count(conn, account.id),
        organization=schemas.OrganizationRef(
            id=account.organization_id,
            kind=account.organization_kind,
            name=account.organization_name,
            status=account.organization_status,
        ),
    )


@auth.put("/auth/password", status_code=204, summary="Change the own password; ends all other sessions")
async def change_password(body: schemas.PasswordChange, actor: AnyActor, request: Request, settings: Settings) -> None:
    await passwords.change_password(
        request.app.state.db,
        actor=actor,
        current=body.current_password,
        new=body.new_password,
        address=address_of(request),
        settings=settings,
    )


@auth.post(
    "/auth/password-resets",
    status_code=202,
    dependencies=[public],
    summary="Ask for a mail with a link; the answer is the same whether or not the address is known",
)
async def request_password_reset(
    body: schemas.PasswordResetRequest, request: Request, conn: Transaction, settings: Settings
) -> dict[str, str]:
    await take_turn(
        conn,
        what="reset",
        address=address_of(request),
        allowed=settings.resets_per_address_max,
        settings=settings,
    )
    await mails.queue_reset(conn, body.email.strip(), settings=settings, now=await clock(conn))
    return {"detail": "If somebody has an account with this address, a mail with a link is on its way."}


@auth.put(
    "/auth/password-resets/{token}",
    status_code=204,
    dependencies=[public],
    summary="Set a new password by the link of the mail, once and within 30 minutes; ends all sessions",
)
async def reset_password(
    token: LinkToken, body: schemas.PasswordReset, request: Request, conn: Transaction, settings: Settings
) -> None:
    await passwords.reset_password(
        conn,
        token,
        password=body.password,
        address=address_of(request),
        settings=settings,
        now=await clock(conn),
    )
