"""Refusals of catalog.

AppError
├── NotAllowed 403   OrganizationSuspended organization_suspended
├── NotFound 404     ItemNotFound, MillNotFound not_found
├── Conflict 409     StateConflict state_conflict, ItemIsReserved item_reserved, LotExists state_conflict
└── Invalid 422      InvalidLot validation_failed
"""

from collections.abc import Sequence

from shared.contracts.types import ItemStatus
from shared.problems import Conflict, Invalid, NotAllowed, NotFound


class OrganizationSuspended(NotAllowed):
    """Only approved organisations trade."""

    slug = "organization_suspended"

    def __init__(self) -> None:
        super().__init__("The mill is not approved for trading at the moment; ask the marketplace operator.")


class ItemNotFound(NotFound):
    """Also for an item that the caller may not see."""

    def __init__(self) -> None:
        super().__init__("There is no such item, or you may not see it; GET /items lists those you may.")


class MillNotFound(NotFound):
    """Also for another mill's rules."""

    def __init__(self) -> None:
        super().__init__("There is no such mill, or you may not see its rules; check the id.")


class StateConflict(Conflict):
    """The item's status does not allow the step; names those that do."""

    def __init__(self, detail: str, *, status: ItemStatus, allowed: Sequence[ItemStatus] = ()) -> None:
        super().__init__(detail, current_status=status.value, allowed=[one.value for one in allowed])


class ItemIsReserved(Conflict):
    """A buyer holds the item."""

    slug = "item_reserved"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, current_status=ItemStatus.RESERVED.value)


class LotExists(Conflict):
    """The mill has a lot with this reference already."""


class InvalidLot(Invalid):
    """The values do not make a lot; one entry per field."""

    def __init__(self, problems: Sequence[tuple[str, str, str]]) -> None:
        count = "1 field is" if len(problems) == 1 else f"{len(problems)} fields are"
        found = [{"pointer": f"#/{field}", "code": code, "message": message} for field, code, message in problems]
        super().__init__(f"{count} not valid; see errors.", errors=found)
