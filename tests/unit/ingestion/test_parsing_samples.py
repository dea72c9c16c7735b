import pytest

from services.ingestion.parsing import read_list
from tests.support.lists import TODAY, SampleList, differences, sample_lists


@pytest.mark.parametrize("sample", sample_lists(), ids=lambda s: s.name)
def test_list_when_read_then_means_what_the_mill_meant(sample: SampleList) -> None:
    reading = read_list(sample.content, file_name=sample.file_name, mill=sample.mill, today=TODAY)

    assert differences(reading, sample.expected) == []
    assert reading.review_reasons == ()  # no question that the list answers


@pytest.mark.parametrize("sample", sample_lists(), ids=lambda s: s.name)
def test_list_when_read_twice_then_gives_the_same_answer(sample: SampleList) -> None:
    first = read_list(sample.content, file_name=sample.file_name, mill=sample.mill, today=TODAY)
    second = read_list(sample.content, file_name=sample.file_name, mill=sample.mill, today=TODAY)

    assert first == second
