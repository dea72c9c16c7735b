"""Taking a mail apart, whatever is in it."""

from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingestion.domain.files import FileKind
from services.ingestion.mails import MailRefused, parse, read, unpack


def part(name_header: str, content: bytes = b"a;b\n1;2") -> bytes:
    return (
        b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
        b"Content-Type: application/octet-stream\r\n" + name_header.encode() + b"\r\n\r\n" + content + b"\r\n--x--\r\n"
    )


@pytest.mark.parametrize(
    ("header", "name"),
    [
        pytest.param('Content-Disposition: attachment; filename="list.csv"', "list.csv", id="plain"),
        pytest.param("Content-Disposition: attachment; filename=Surplus 47.csv", "Surplus 47.csv", id="blanks"),
        pytest.param(
            "Content-Disposition: attachment; filename*=UTF-8''Disponibilit%C3%A0.csv", "Disponibilità.csv", id="2231"
        ),
        pytest.param(
            'Content-Disposition: attachment; filename="=?utf-8?Q?Best=C3=A4nde.csv?="', "Bestände.csv", id="2047"
        ),
        pytest.param(r'Content-Disposition: attachment; filename="..\..\etc/list.csv"', "list.csv", id="path"),
        pytest.param("Content-Disposition: attachment", "attachment-1", id="no-name"),
        pytest.param("Content-Disposition: attachment; filename*=klingon''x%20y", "x y", id="unknown-charset"),
    ],
)
def test_attachment_when_named_in_any_spelling_then_has_its_name(header: str, name: str) -> None:
    mail, _ = parse(part(header))
    assert [attachment.name for attachment in mail.attachments] == [name]


def test_mail_when_packed_and_unpacked_then_is_the_same() -> None:
    message = EmailMessage()
    message["From"] = "a@b.example"
    message["Message-ID"] = "<1@b.example>"
    message.set_content("hello")
    for n in range(3):
        message.add_attachment(b"a;b\n" * n, maintype="text", subtype="csv", filename=f"{n}.csv")
    mail, contents = unpack(read(message.as_bytes()))
    assert contents == (b"a;b\n", b"a;b\na;b\n")
    assert [attachment.size for attachment in mail.attachments] == [4, 8]


def test_list_typed_into_the_mail_when_there_then_is_offered_as_its_text() -> None:
    message = EmailMessage()
    message["From"] = "a@b.example"
    message.set_content("Hello,\n\nK1 LWC 57 700 1250 76 5\nK2 LWC 60 965 1250 76 3\n\nBest regards\n+49 123 456")
    mail, contents = parse(message.as_bytes())
    assert [(one.kind, one.body) for one in mail.attachments] == [(FileKind.TEXT, True)]
    assert b"K2 LWC" in contents[0]


def test_letter_without_a_list_when_read_then_offers_nothing() -> None:
    message = EmailMessage()
    message["From"] = "a@b.example"
    message.set_content("Please call +49 123 456 789 on 3 March 2026.\n\n12, Mill Street")
    assert parse(message.as_bytes())[0].attachments == ()


def test_mail_with_too_many_parts_when_read_then_is_refused() -> None:
    body = b"".join(b"--x\r\n\r\na\r\n" for _ in range(300))
    with pytest.raises(MailRefused):
        parse(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + body + b"--x--")


def test_mail_without_a_message_id_when_read_then_is_known_by_its_content() -> None:
    one, other = (parse(b"From: a@b.example\r\n\r\n" + text)[0].id_hash for text in (b"one", b"other"))
    assert one != other


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_bytes_when_they_are_anything_then_are_read_or_refused(raw: bytes) -> None:
    for content in (raw, b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" + raw):
        try:
            taken, contents = unpack(read(content))
        except MailRefused:
            continue
        assert [attachment.size for attachment in taken.attachments] == [len(one) for one in contents]
