"""The words of the trade as data, against the types of the contracts."""

from services.catalog.reference import DOCUMENT, GRADES
from services.catalog.schemas import ItemPatch, NewItem
from services.catalog.search import FIELDS, section_of
from services.catalog.usecases.views import DETAIL_MEMBERS
from shared.contracts.types import Defect, LotValues, QualityClass, SurplusReason
from shared.contracts.visibility import Viewer, visible_fields


def test_words_when_a_type_has_a_value_then_it_is_explained() -> None:
    assert list(DOCUMENT["defects"]) == list(Defect)
    assert list(DOCUMENT["quality_classes"]) == list(QualityClass)
    assert list(DOCUMENT["surplus_reasons"]) == list(SurplusReason)


def test_grades_when_listed_then_unique_and_of_a_known_family() -> None:
    codes = [grade["code"] for grade in GRADES]
    assert len(codes) == len(set(codes))
    assert {grade["family"] for grade in GRADES} == set(DOCUMENT["families"])


def test_members_when_anybody_may_see_them_then_the_view_has_them() -> None:
    assert visible_fields(Viewer.ADMIN, None) - {"my", "redacted"} == set(DETAIL_MEMBERS)


def test_fields_when_filterable_then_members_of_an_item() -> None:
    assert set(FIELDS) - {"mill_id"} <= set(DETAIL_MEMBERS)
    assert all(section_of(name) for name in FIELDS)


def test_forms_when_a_lot_has_a_value_then_it_can_be_entered_and_changed() -> None:
    values = set(LotValues.__dataclass_fields__) - {"price_per_t"}
    assert values <= set(NewItem.model_fields)
    assert values == set(ItemPatch.model_fields)
