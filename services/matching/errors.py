"""Refusals of matching.

AppError (shared.problems)
├── NotFound
│   ├── RequirementUnknown 404   not_found
│   ├── MatchUnknown       404   not_found
│   └── RunUnknown         404   not_found
├── Conflict
│   ├── RequirementEnded   409   state_conflict
│   ├── MatchEnded         409   state_conflict
│   └── TooManyActive      409   too_many_requirements
└── NotAllowed
    └── Suspended          403   organization_suspended
"""

from collections.abc import Sequence

from shared.problems import Conflict, NotAllowed, NotFound


class RequirementUnknown(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no requirement with this id among those you may see; GET /requirements lists them.")


class MatchUnknown(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no match with this id among those you may see; GET /matches lists them.")


class RunUnknown(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no match run with this id; check it.")


class RequirementEnded(Conflict):
    """An archived or expired requirement does not change any more."""

    def __init__(self, status: str) -> None:
        super().__init__(
            f"This requirement is {status} and stays so; create a new one instead.",
            current_status=status,
            allowed=["active", "paused"],
        )


class MatchEnded(Conflict):
    """The match is in a state that this feedback cannot change."""

    def __init__(self, status: str, *, allowed: Sequence[str], advice: str) -> None:
        super().__init__(f"This match is {status}; {advice}", current_status=status, allowed=list(allowed))


class TooManyActive(Conflict):
    slug = "too_many_requirements"

    def __init__(self, limit: int) -> None:
        super().__init__(f"You have {limit} active requirements, the most there can be; pause or archive one first.")


class Suspended(NotAllowed):
    slug = "organization_suspended"

    def __init__(self) -> None:
        super().__init__(
            "Your organisation does not trade at the moment: you can read, not change. Ask the marketplace operator."
        )
