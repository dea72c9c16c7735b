"""What people taught us about a mill's lists: columns, units, the decimal mark, words. Later lessons win."""

from collections.abc import Mapping
from typing import cast

PARTS = ("columns", "grades", "classes")
EVERY_LIST = ""
"""The header fingerprint of the profile whose words count in every list of a mill."""


def merged(*lessons: Mapping[str, object]) -> dict[str, object]:
    """All lessons as one; of two about the same header or word the later counts. Empty parts are left out."""
    found: dict[str, object] = {}
    for part in PARTS:
        both: dict[str, object] = {}
        for lesson in lessons:
            told = lesson.get(part)
            if isinstance(told, Mapping):
                both |= cast(Mapping[str, object], told)
        if both:
            found[part] = both
    marks = [lesson["decimal"] for lesson in lessons if lesson.get("decimal")]
    if marks:
        found["decimal"] = marks[-1]
    return found


def words_only(lesson: Mapping[str, object]) -> dict[str, object]:
    """What of a lesson holds for lists with other columns too."""
    return {part: told for part, told in lesson.items() if part in ("grades", "classes")}
