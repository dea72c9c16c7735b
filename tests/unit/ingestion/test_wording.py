"""Every sentence the reading of a list can say exists in every language, and says the same numbers."""

import re
from itertools import product
from typing import cast

import pytest

from services.ingestion.parsing.draft import LABELS
from services.ingestion.parsing.text import table
from services.ingestion.parsing.wording import in_language, languages
from tests.support.sentences import FORMATTED_GAP, GAP, sentences

FOREIGN = sorted(languages() - {"en"})
SENTENCE = "Reels of this size weigh about 1 kg, not 2 kg."
FILLS = ("1", "weight", "more", "12 mm", "it must be between 1 and 2 mm", "row 7", SENTENCE)
DATA_SHEETS = "The PDF"  # said of data sheets, to our own people


def filled(text: str) -> list[str]:
    """A sentence with its gaps filled in the ways that occur."""
    pieces = text.replace(FORMATTED_GAP, "1").strip().split(GAP)
    ways = product(FILLS, repeat=len(pieces) - 1)
    return ["".join(a + b for a, b in zip(pieces, (*way, ""), strict=True)) for way in ways]


def part(language: str, name: str) -> dict[str, str]:
    return cast(dict[str, str], table(f"messages/{language}")[name])


def gaps(text: str) -> set[str]:
    return set(re.findall(r"\{\w+\}", text))


@pytest.mark.parametrize("language", FOREIGN)
def test_sentence_when_the_reader_can_say_it_then_it_is_translated(language: str) -> None:
    missing = [
        f"{where}: {text!r}"
        for where, text in sentences()
        if not text.startswith(DATA_SHEETS) and all(in_language(said, language) == said for said in filled(text))
    ]

    assert missing == []


@pytest.mark.parametrize("language", FOREIGN)
def test_catalogue_when_a_sentence_has_gaps_then_the_translation_has_the_same(language: str) -> None:
    apart = [english for english, own in part(language, "sentences").items() if gaps(english) != gaps(own)]

    assert apart == []


@pytest.mark.parametrize("language", FOREIGN)
def test_label_when_a_problem_names_a_field_then_it_is_translated(language: str) -> None:
    assert set(LABELS.values()) - part(language, "labels").keys() == set()


def test_sentence_when_told_in_german_then_numbers_and_names_are_german() -> None:
    said = "The reel width would be 12,500.5 mm; it must be between 20 and 6,000 mm."

    assert in_language(said, "de-DE") == "Rollenbreite: der Wert wäre 12.500,5 mm; möglich sind 20 bis 6.000 mm."
    assert in_language(said, "hu") == said
    assert in_language("nothing we say", "de") == "nothing we say"
