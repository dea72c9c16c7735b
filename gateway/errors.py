"""Refusals of the gateway.

AppError
├── NotAuthenticated 401  wrong_credentials (unknown user and wrong password read the same), token_revoked
├── NotAllowed 403        organization_suspended
├── RequestTimeout 408     request_timeout
├── RateLimited 429       rate_limited (with Retry-After)
├── HeadersTooLarge 431    headers_too_large
├── UpstreamBroken 502     upstream_error
└── UpstreamTimeout 504    upstream_timeout
"""

from shared.problems import AppError, NotAuthenticated, RateLimited


class WrongCredentials(NotAuthenticated):
    """The same words and the same time for an unknown address and a wrong password."""

    slug = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__("E-mail address and password do not fit together; check both.")


class TokenRevoked(NotAuthenticated):
    slug = "token_revoked"

    def __init__(self) -> None:
        super().__init__("This sign-in was ended; sign in again.")


class LoginPaused(RateLimited):
    """Too many failures from one address for one account; other addresses are not locked out."""

    title = "Too many attempts"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"Too many failed attempts; try again in {seconds} seconds.", headers={"Retry-After": str(seconds)}
        )


class RequestTimeout(AppError):
    status, slug, title = 408, "request_timeout", "The request took too long"


class HeadersTooLarge(AppError):
    status, slug, title = 431, "headers_too_large", "Headers too large"


class UpstreamTimeout(AppError):
    status, slug, title = 504, "upstream_timeout", "The service took too long"


class UpstreamBroken(AppError):
    status, slug, title = 502, "upstream_error", "The service broke off"
