"""Refusals of the gateway.

AppError
├── NotAuthenticated 401  wrong_credentials (unknown user and wrong password read the same), token_revoked,
│                         token_expired (rights changed: refresh)
├── NotAllowed 403        organization_suspended, not_allowed
├── RequestTimeout 408     request_timeout
├── Conflict 409          state_conflict
├── Gone 410              gone (a link that was used or is too old)
├── Invalid 422           validation_failed, with the member in errors
├── RateLimited 429       rate_limited (with Retry-After)
├── HeadersTooLarge 431    headers_too_large
├── UpstreamBroken 502     upstream_error
└── UpstreamTimeout 504    upstream_timeout
"""

from shared.problems import AppError, Conflict, Gone, Invalid, NotAllowed, NotAuthenticated, RateLimited


class WrongCredentials(NotAuthenticated):
    """The same words and the same time for an unknown address and a wrong password."""

    slug = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__("E-mail address and password do not fit together; check both.")


class TokenRevoked(NotAuthenticated):
    slug = "token_revoked"

    def __init__(self) -> None:
        super().__init__("This sign-in or token is no longer in force; sign in again, or make a new token.")


class RightsChanged(NotAuthenticated):
    """What the token says of its owner is no longer so; a refreshed one says what is."""

    slug = "token_expired"

    def __init__(self) -> None:
        super().__init__("Your rights have changed since this token was made; refresh it.")


class OrganizationSuspended(NotAllowed):
    slug = "organization_suspended"

    def __init__(self) -> None:
        super().__init__("Your organisation is suspended: you can read your own records and change nothing.")


class LinkGone(Gone):
    def __init__(self) -> None:
        super().__init__("This link was used already or is too old; ask for a new one.")


class WrongStep(Conflict):
    """A state that cannot follow the present one."""

    def __init__(self, *, current: str, allowed: frozenset[str]) -> None:
        possible = " or ".join(sorted(allowed)) or "nothing"
        super().__init__(
            f"It is {current}; what can follow is {possible}.", current_status=current, allowed=sorted(allowed)
        )


class FieldRefused(Invalid):
    """One member of the body that is well formed and still not right."""

    def __init__(self, field: str, message: str) -> None:
        found = [{"pointer": f"#/{field}", "code": "not_accepted", "message": message}]
        super().__init__(f"Change {field}: it {message}.", errors=found)


class LoginPaused(RateLimited):
    """Too many attempts from one address; other addresses are not locked out."""

    title = "Too many attempts"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many attempts; try again in {seconds} seconds.", headers={"Retry-After": str(seconds)})


class TooManyStreams(RateLimited):
    """Live streams of one person."""

    title = "Too many live streams"

    def __init__(self) -> None:
        super().__init__(
            "You have as many live streams open as one person may; close one.", headers={"Retry-After": "5"}
        )


class RequestTimeout(AppError):
    status, slug, title = 408, "request_timeout", "The request took too long"


class HeadersTooLarge(AppError):
    status, slug, title = 431, "headers_too_large", "Headers too large"


class UpstreamTimeout(AppError):
    status, slug, title = 504, "upstream_timeout", "The service took too long"


class UpstreamBroken(AppError):
    status, slug, title = 502, "upstream_error", "The service broke off"
