"""Bytes on the wire: what a mail program reads back is what we meant, and no value becomes a header."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.newsletter.mime import HeaderRefused, Mail, build, cleaned, encoded, mailbox


def mail(**changes: object) -> Mail:
    usual: dict[str, object] = {
        "message_id": "<1@offcut.example>",
        "from_name": "Offcut",
        "from_address": "offers@offcut.example",
        "to_name": "Kim",
        "to_address": "kim@one.example",
        "subject": "2 new lots",
        "date": datetime(2026, 11, 21, 9, tzinfo=UTC),
        "html": "<p>Grüße</p>",
        "text": "Grüße\nzwei Zeilen\n.\nEnde",
        "language": "de",
        "unsubscribe_url": "https://offcut.example/u/1",
    }
    return Mail(**{**usual, **changes})  # pyright: ignore[reportArgumentType] – the names are those of the fields


def read(one: Mail) -> EmailMessage:
    return message_from_bytes(build(one), policy=default)


def test_mail_when_read_back_then_both_faces_and_all_headers_are_there() -> None:
    found = read(mail())
    assert found.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in found.iter_parts()] == ["text/plain", "text/html"]
    text = found.get_body(("plain",))
    assert text is not None
    assert text.get_content().splitlines() == ["Grüße", "zwei Zeilen", ".", "Ende"]
    assert found["Message-ID"] == "<1@offcut.example>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["List-Unsubscribe"] == "<https://offcut.example/u/1>"
    assert found["Date"].datetime == datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert not found.defects


def test_mail_when_transactional_then_cannot_be_unsubscribed_from() -> None:
    found = read(mail(unsubscribe_url=None))
    assert found["List-Unsubscribe"] is None
    assert found["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize("field", ["subject", "to_name", "to_address", "message_id", "unsubscribe_url", "from_name"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x00", "\x0b", "\u2028", "\x85"])
def test_header_when_its_value_ends_the_line_then_refused(field: str, end: str) -> None:
    with pytest.raises(ValueError, match=r"control character|plain one|ascii"):
        build(mail(**{field: f"x{end}Bcc: victim@y.example"}))


@pytest.mark.parametrize(
    "address", ["a b@c.example", "a@b.example> <x@y.example", "a@b.example,x@y.example", "ä@b.example", '"@b.example']
)
def test_mailbox_when_the_address_holds_more_than_one_then_refused(address: str) -> None:
    with pytest.raises(HeaderRefused):
        mailbox("Kim", address)


@pytest.mark.parametrize(
    "name",
    ["Kim", "Müller, Anna", 'Kim "K" Lee', "back\\slash", "Smith, Jo (Sales)", "=?utf-8?q?x?=", "株式会社", "a" * 180],
)
def test_names_when_read_back_then_unchanged(name: str) -> None:
    found = read(mail(to_name=name))
    (address,) = found["To"].addresses
    assert (address.display_name, address.addr_spec) == (name, "kim@one.example")


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp", "Cn")), min_size=1, max_size=180))
def test_subject_when_any_text_then_one_header_of_short_lines(text: str) -> None:
    subject = cleaned(text)
    raw = build(mail(subject=subject))
    head = raw.split(b"\r\n\r\n")[0].split(b"\r\n")
    assert all(len(line) <= 998 for line in head)
    assert sum(line.startswith(b"Subject:") for line in head) == 1
    assert " ".join(str(message_from_bytes(raw, policy=default)["Subject"]).split()) == " ".join(subject.split())


def test_encoded_when_long_then_every_word_is_whole_and_short() -> None:
    words = encoded("Größe " * 40).split(" ")
    assert all(len(word) <= 75 for word in words)


def test_cleaned_when_given_lines_then_one_line_of_limited_length() -> None:
    assert cleaned(" a\r\n\tb\x00c ") == "a b c"
    assert len(cleaned("x" * 500, length_max=80)) == 80
