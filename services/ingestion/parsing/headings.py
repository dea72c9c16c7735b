"""The class and the reason that headings give to the lots below them: "II. Wahl", "OFF-GRADE", "Prime side runs"."""

from dataclasses import dataclass

from services.ingestion.parsing import terms
from services.ingestion.parsing.text import clean, normal
from shared.contracts.types import QualityClass, SurplusReason

SHORTEST_CLASS = 3  # characters: a lone "A" over some lots may be a hall, a machine or a customer
_NOT_BETTER = frozenset({QualityClass.PRIME, QualityClass.A})


@dataclass(slots=True)
class Headings:
    """What the headings above a row say. ``doubtful`` is a heading that names more than one class."""

    quality: QualityClass | None = None
    reason: SurplusReason | None = None
    doubtful: str | None = None
    outer: bool = False  # class over grades: a new grade below it does not end it

    def of_list(self, titles: list[str], sheet: str | None) -> None:
        """What the words over a whole list say. A title often is a company ("First Quality"): it only lowers."""
        for text in titles:
            found = terms.classes_inside(text) - _NOT_BETTER
            if found:
                self._take(text, found)
        if sheet is not None:
            self.enter(sheet, over_grades=True)
            self.reason = None  # a sheet called "Side runs" holds overruns too

    def enter(self, text: str, *, over_grades: bool) -> bool:
        """Takes a heading that names a class or a reason; whether it did."""
        found = terms.classes_inside(text)
        whole = terms.quality_class(text) if len(normal(text)) >= SHORTEST_CLASS else None
        found = found or (frozenset({whole}) if whole is not None else found)
        reason = terms.surplus_reason(text)
        if not found and reason is None:
            return False
        if found:
            self._take(text, found)
        self.reason, self.outer = reason, over_grades
        return True

    def new_grade(self, text: str) -> None:
        """A heading of a grade ends what stood below the last grade; it may name a class of its own."""
        if not self.outer:
            self.quality, self.reason, self.doubtful = None, None, None
        if found := terms.classes_inside(text):
            self._take(text, found)
            self.outer = False

    def _take(self, text: str, found: frozenset[QualityClass]) -> None:
        self.quality = next(iter(found)) if len(found) == 1 else None
        self.doubtful = clean(text) if len(found) > 1 else None
