"""What a mill reads instead of a buyer's name and score."""

from decimal import Decimal


def band(score: Decimal) -> str:
    """``strong`` from 90, ``good`` from 75, else ``fair``."""
    return "strong" if score >= 90 else "good" if score >= 75 else "fair"


def anonymous(place: int, country: str | None, segment: str | None) -> str:
    """A buyer without a name: ``Buyer 3, DE, converter``."""
    return ", ".join(part for part in (f"Buyer {place}", country, segment) if part)
