"""Values that a person typed over a row, checked by the same rules as those of a file."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from services.ingestion.domain.batches import Finding
from services.ingestion.parsing import MillContext, Problem, revalidate
from services.ingestion.parsing.wording import in_language
from services.ingestion.store.mills import Mill
from shared.contracts.types import LotValues


def context_of(mill: Mill, profile: Mapping[str, object] | None = None) -> MillContext:
    """What the reader of lists knows about the sender."""
    return MillContext(country=mill.country, language=mill.language, currency=mill.currency, profile=profile)


def finding_of(problem: Problem) -> Finding:
    """A problem of the reader as a row keeps it."""
    return Finding(
        code=problem.code,
        message=problem.message,
        severity=problem.severity,
        field=problem.field,
        column=problem.column,
        raw=problem.raw,
        suggestion=problem.suggestion,
    )


def repetition(lot_ref: str | None, language: str) -> Finding:
    """What is said of a row whose lot number stood in an earlier row of its list."""
    told = in_language(f"The lot number {lot_ref} stands in an earlier row of this list.", language)
    return Finding("duplicate_lot_ref", told, "error", field="lot_ref", raw=lot_ref)


def revise(
    base: Mapping[str, object], edits: Mapping[str, object], *, mill: Mill, today: date
) -> tuple[LotValues | None, tuple[Finding, ...]]:
    """The lot with the edits, and what is wrong with it; ``None`` when it cannot be listed."""
    values = {**base, **edits}
    if values.get("price") not in (None, "") and not values.get("currency"):
        values["currency"] = mill.currency
    lot, problems = revalidate(values, mill=context_of(mill), today=today)
    return lot, tuple(
        finding_of(replace(problem, message=in_language(problem.message, mill.language))) for problem in problems
    )
