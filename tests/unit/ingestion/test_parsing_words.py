import pytest

from services.ingestion.parsing import grades, places, terms
from shared.contracts.types import Certification, Defect, QualityClass, SurplusReason


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Testliner 2 braun", "TL_2"),
        ("TL3", "TL_3"),
        ("Kraftliner weiß gedeckt", "KL_WHITETOP"),
        ("Kraftlaineri, ruskea", "KL_BROWN"),
        ("RECYCLED MEDIUM - FSC MIX CREDIT CERTIFIED", "FL_REC"),
        ("Fluting semiquímico", "FL_SC"),
        ("Moorboard GD2 Chromoduplex", "WLC_GD2"),
        ("WFC gloss 115", "WFC_GLOSS"),
        ("Couché demi-mat sans bois", "WFC_SILK"),
        ("Offset sans bois non couché", "WFU"),
        ("Uso mano bianca", "WFU"),
        ("Bouffant sans bois main 1,8", "WFU_BOOK"),
        ("Monolúcido kraft crudo", "MG_BROWN"),
        ("Natural Kraft MF", "MF_BROWN"),
        ("einseitig glatt weiß", "MG_WHITE"),
        ("maschinenglatt braun", "MF_BROWN"),
        ("SBS C1S 14 pt", "SBB"),
        ("SC-A PEFC", "SC_A"),
        ("Papier étiquette couché 1 face", "LABEL_C1S"),
        ("Pergamino vegetal", "PARCHMENT"),
    ],
)
def test_grade_when_its_words_are_clear_then_resolved(text: str, code: str) -> None:
    assert grades.resolve(text).code == code


@pytest.mark.parametrize(
    "text",
    ["Kraft", "Pergamino", "SC", "WTL", "Liner", "Testliner", "Duplex", "GC1/GC2", "MG", "Kraftliner Testliner 2"],
)
def test_grade_when_it_can_be_several_then_a_person_is_asked_with_a_suggestion(text: str) -> None:
    grade = grades.resolve(text)

    assert (grade.outcome, grade.code, len(grade.codes) > 1) == ("ambiguous", None, True)


@pytest.mark.parametrize("text", ["Mixed grades", "Sonderkarton XK", "Papier spécial client 0815", "various", ""])
def test_grade_when_nobody_taught_the_word_then_unknown(text: str) -> None:
    assert grades.resolve(text).outcome == "unknown"


def test_grade_when_the_text_itself_doubts_then_not_taken() -> None:
    assert grades.resolve("Testliner 2 oder ähnlich").code is None


def test_grade_when_misspelled_then_only_suggested() -> None:
    grade = grades.resolve("Testlinerr 2")

    assert (grade.outcome, grade.code, grade.codes) == ("unknown", None, ("TL_2",))


def test_grade_when_a_mill_taught_its_word_then_resolved_for_it() -> None:
    assert grades.resolve("LINER XP", {"liner xp": "TL_3"}).code == "TL_3"


def test_grade_when_a_mill_taught_nonsense_then_not_taken() -> None:
    assert grades.resolve("LINER XP", {"liner xp": "GOLD"}).code is None


def test_grade_when_a_code_of_paper_for_recycling_then_broke() -> None:
    grade = grades.resolve("1.04 Kaufhausaltpapier")

    assert (grade.code, grade.recycling) == ("BROKE", True)


@pytest.mark.parametrize(
    ("text", "quality"),
    [
        ("I. Wahl", QualityClass.PRIME),
        ("1a", QualityClass.PRIME),
        ("A+", QualityClass.PRIME),
        ("1er choix", QualityClass.PRIME),
        ("A", QualityClass.A),
        ("A-Stock", QualityClass.A),
        ("2ª", QualityClass.B),
        ("IIa", QualityClass.B),
        ("déclassé", QualityClass.B),
        ("Terza scelta", QualityClass.C),
        ("Off-Grade", QualityClass.C),
        ("Ausschuss", QualityClass.BROKE),
        ("Sonderposten", None),
        ("D", None),
    ],
)
def test_class_when_the_word_is_known_then_named(text: str, quality: QualityClass | None) -> None:
    assert terms.quality_class(text) == quality


@pytest.mark.parametrize(
    ("text", "reason", "defects"),
    [
        ("Feuchte zu hoch", SurplusReason.OFF_SPEC, (Defect.MOISTURE,)),
        ("Kantenschaden 1 Rolle", None, (Defect.EDGE_DAMAGE,)),
        ("Restrollen, Ø unterschiedlich", SurplusReason.STUB, ()),
        ("planned side run / sivurulla", SurplusReason.SIDE_RUN, ()),
        ("plis en début de bobine", None, (Defect.WRINKLES,)),
        ("palettes filmées", None, ()),
        ("no edge damage", None, ()),
        ("ohne Kantenschäden, Storno", SurplusReason.CANCELLED, ()),
        ("Stapel leicht verzogen", None, ()),
    ],
)
def test_remark_when_it_tells_reason_or_defect_then_found(
    text: str, reason: SurplusReason | None, defects: tuple[Defect, ...]
) -> None:
    assert (terms.surplus_reason(text), terms.defects(text)) == (reason, defects)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("FSC® / PEFC", (Certification.FSC, Certification.PEFC)),
        ("LWC - FSC Mix Credit", (Certification.FSC,)),
        ("no FSC", ()),
        ("FSC Controlled Wood", ()),
        ("Blauer Engel", (Certification.BLUE_ANGEL,)),
    ],
)
def test_certificate_when_claimed_then_kept_when_denied_then_not(text: str, labels: tuple[Certification, ...]) -> None:
    assert terms.certificates(text) == labels


@pytest.mark.parametrize(
    ("text", "home", "meant"),
    [
        ("Depot Esch (LU)", "DE", ("Depot Esch (LU)", "LU")),
        ("Hull, UK", "SE", ("Hull", "GB")),
        ("Whse Delmont, BC, Canada", "US", ("Delmont", "CA")),
        ("Mill - Alder Falls, WA", "US", ("Alder Falls", "US")),
        ("Freilager Passau", "AT", ("Freilager Passau", "DE")),
        ("Depósito Leixões, Portugal", "ES", ("Leixões", "PT")),
        ("Außenlager Forbeck", "DE", ("Außenlager Forbeck", None)),
        ("Mill", "DE", (None, None)),
    ],
)
def test_place_when_written_as_mills_do_then_named_with_its_country(
    text: str, home: str, meant: tuple[str | None, str | None]
) -> None:
    assert places.place(text, home) == meant


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Summe", "total"),
        ("Zwischensumme:", "subtotal"),
        ("SUMA TOTAL", "total"),
        ("Total général", "total"),
        ("Sous-total", "subtotal"),
        ("Testliner", None),
    ],
)
def test_label_when_of_a_total_then_known(text: str, kind: str | None) -> None:
    assert terms.total_kind(text) == kind
