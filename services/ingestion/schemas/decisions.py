"""What people decide about a list, on the wire."""

from collections.abc import Mapping
from typing import Annotated, Literal, cast

from pydantic import ConfigDict, Field, StringConstraints

from services.ingestion.schemas.rows import Word
from shared.bodies import RequestBody

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
Classes = dict[Word, Literal["PRIME", "A", "B", "C", "BROKE"]]
Grades = dict[Word, Annotated[str, Field(max_length=40)]]


class CommitIn(RequestBody):
    """``reject`` leaves rows that cannot be listed behind; ``block`` refuses while there are any."""

    invalid_rows: Literal["reject", "block"] = "block"


class CancellationIn(RequestBody):
    reason: Reason


class ReversionIn(RequestBody):
    """``reason`` is kept with the batch while it is being undone."""

    reason: Reason | None = None


class ColumnMeaning(RequestBody):
    """``field`` ``null``: this column means nothing to us."""

    field: Annotated[str, Field(max_length=40)] | None
    unit: Annotated[str, Field(max_length=40)] | None = None


class MeaningIn(RequestBody):
    """What columns, by their header, and words mean; ``decimal`` is the decimal mark of all numbers."""

    columns: dict[Word, ColumnMeaning] = Field(default_factory=dict[str, ColumnMeaning], max_length=100)
    grades: Grades = Field(default_factory=dict[str, str], max_length=500)
    classes: Classes = Field(default_factory=lambda: cast(Classes, {}), max_length=100)
    decimal: Literal[".", ","] | None = None


class MappingIn(MeaningIn):
    """``save_as_profile``: lists of this kind are read so from now on; else only this one is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "columns": {"Gewicht": {"field": "weight_net_kg", "unit": "t"}},
                    "grades": {"Wellenstoff": "FL"},
                    "classes": {"1a": "A"},
                }
            ]
        }
    )

    save_as_profile: bool = True


def columns_of(body: MeaningIn) -> Mapping[str, tuple[str | None, str | None]]:
    return {header: (meaning.field, meaning.unit) for header, meaning in body.columns.items()}
