"""Refusals of this service.

AppError
├── NotFound 404
│   └── Hidden            not_found: unknown, or not for the eyes of the caller
├── NotAllowed 403
│   ├── NotTrading        organization_suspended, not_allowed
│   └── NotYours          not_allowed
└── Conflict 409
    ├── AlreadyInterested already_interested
    ├── HadHisTurn        state_conflict
    ├── NotForSale        state_conflict
    ├── InterestState     state_conflict
    ├── WindowEnded       state_conflict
    └── NoExtension       state_conflict
"""

from uuid import UUID

from shared.problems import Conflict, NotAllowed, NotFound


class Hidden(NotFound):
    def __init__(self, what: str) -> None:
        super().__init__(f"There is no such {what}, or it is not open to you; check the id.")


class NotTrading(NotAllowed):
    def __init__(self, status: str) -> None:
        slug = "organization_suspended" if status == "suspended" else "not_allowed"
        super().__init__(f"Your company is {status}; only approved companies trade. Ask the operator.", slug=slug)


class NotYours(NotAllowed):
    """Visible to the caller, but another side's right."""


class AlreadyInterested(Conflict):
    slug = "already_interested"

    def __init__(self, interest_id: UUID) -> None:
        super().__init__(
            "Your company has asked for this lot already; interest_id names that interest.",
            interest_id=str(interest_id),
        )


class HadHisTurn(Conflict):
    def __init__(self) -> None:
        super().__init__("Your company has held this lot already; it can again when the mill lists it anew.")


class NotForSale(Conflict):
    def __init__(self, status: str) -> None:
        super().__init__("This lot is no longer for sale; look for another.", current_status=status)


class InterestState(Conflict):
    def __init__(self, detail: str, *, status: str) -> None:
        super().__init__(detail, current_status=status, allowed=["queued"])


class WindowEnded(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "This window has ended and cannot be changed; read it to see how.",
            current_status="closed",
            allowed=["active"],
        )


class NoExtension(Conflict):
    """No extension is left, or one was asked for already."""
