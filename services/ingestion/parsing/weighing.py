"""Weight against size and grammage against grade: what one lot alone can be held to."""

from decimal import Decimal
from functools import lru_cache

from services.ingestion.parsing import geometry, grades
from services.ingestion.parsing.draft import Draft, Fault

GSM_ODD = 2.5  # times what a grade has, or less than that part of it: one of the two is wrong


@lru_cache(maxsize=4096)
def _can_be(gsm: Decimal, low: int, high: int) -> bool:
    return low / GSM_ODD <= gsm <= high * GSM_ODD


def weigh(draft: Draft, found: list[Fault]) -> None:
    """The stated weight against the size of the reels; part reels may be as light as they like."""
    usual_gsm = grades.typical_gsm().get(draft.grade_code or "")
    if usual_gsm and draft.gsm is not None and not _can_be(draft.gsm, *usual_gsm):
        text = (
            f"{draft.gsm:f} g/m² cannot be for this grade ({usual_gsm[0]}-{usual_gsm[1]}). Which of the two is wrong?"
        )
        found.append(Fault("gsm", "grade_and_gsm", text))
    share = geometry.share_of_usual(draft)
    if share is None:
        lightest = geometry.lightest_kg(draft)
        if lightest is not None and draft.weight_net_kg is not None and draft.weight_net_kg < lightest:
            text = f"A single reel of this width weighs {lightest:,.0f} kg or more, not {draft.weight_net_kg:,f} kg."
            found.append(Fault("weight_net_kg", "size_and_weight", text))
            return
        implied = geometry.implied_diameter(draft)
        if implied is None or geometry.THINNEST_REEL_MM <= implied <= geometry.THICKEST_REEL_MM:
            return
        text = f"A reel of this width and weight would be {implied:,.0f} mm thick. Which of the numbers is wrong?"
        found.append(Fault("weight_net_kg", "size_and_weight", text))
        return
    light = draft.surplus_reason in geometry.PART_REELS
    if 0.8 <= share <= 1.2 or (light and share < 1):
        return
    usual = geometry.expected_kg(draft) or 0.0
    text = f"Reels of this size weigh about {usual:,.0f} kg, not {draft.weight_net_kg:,f} kg."
    sure = geometry.TOO_LIGHT <= share <= geometry.TOO_HEAVY
    if sure:
        found.append(Fault("weight_net_kg", "unusual", text, "warning"))
    else:
        found.append(
            Fault(
                "weight_net_kg", "size_and_weight", f"{text} Please check width, diameter, number of reels and weight."
            )
        )
