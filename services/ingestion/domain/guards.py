"""May a list be committed without a person? Every objection is a sentence for the mill's sales assistant."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median


@dataclass(frozen=True, slots=True)
class Limits:
    """Shares are of 1."""

    error_share_max: float = 0.05
    weight_deviation_max: float = 0.5  # against the mill's usual list of this kind
    withdrawn_share_max: float = 0.5  # of the lots a list of this kind had confirmed
    price_change_max: float = 0.4  # median over the lots with a new price
    withdrawn_min: int = 10  # below, a share means nothing


@dataclass(frozen=True, slots=True)
class ListFigures:
    """What the guards look at. ``usual_weight_kg`` is ``None`` for the first list of its kind."""

    mill_name: str
    trusted: bool
    lots: int
    rejected: int
    repeated: int
    weight_kg: Decimal
    usual_weight_kg: Decimal | None
    known: int  # lots for sale that a list of this kind confirmed last
    missing: int
    price_ratios: Sequence[Decimal]  # new / old, of the lots whose price changed


def objections(figures: ListFigures, limits: Limits) -> tuple[str, ...]:
    """Reasons for a review; empty when the list may be committed at once."""
    found: list[str] = []
    if not figures.trusted:
        found.append(f"Lists of {figures.mill_name} are looked at by a person before their lots are listed.")
    rows = figures.lots + figures.rejected + figures.repeated
    wrong = figures.rejected + figures.repeated
    if rows and wrong / rows > limits.error_share_max:
        found.append(
            f"{wrong} of {rows} rows ({wrong / rows:.0%}) need attention; up to {limits.error_share_max:.0%} would"
            " pass without a person."
        )
    if figures.usual_weight_kg:
        share = float(figures.weight_kg / figures.usual_weight_kg) - 1
        if abs(share) > limits.weight_deviation_max:
            more = "more" if share > 0 else "less"
            found.append(
                f"The list adds up to {figures.weight_kg / 1000:.1f} t, {abs(share):.0%} {more} than the usual"
                f" {figures.usual_weight_kg / 1000:.1f} t."
            )
    if figures.missing >= limits.withdrawn_min and figures.missing / figures.known > limits.withdrawn_share_max:
        found.append(f"{figures.missing} of {figures.known} lots of the last list are gone; is this the whole list?")
    if figures.price_ratios:
        change = float(median(figures.price_ratios)) - 1
        if abs(change) > limits.price_change_max:
            found.append(f"Prices differ from the last list by {change:+.0%} (median); is the price unit right?")
    return tuple(found)
