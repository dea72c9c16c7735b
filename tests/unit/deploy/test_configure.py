import os
from pathlib import Path

import pytest

from deploy.choices import Choices
from deploy.configure import configure
from deploy.layout import SERVICES, Layout
from deploy.mailroom import AUTHSERV_ID
from deploy.secrets_file import read_secrets, write_secrets

HOST = {
    "DATABASE_URL": "postgresql://dba:pw@db.example:5433/postgres?sslmode=require",
    "REDIS_URL": "redis://cache.example:6379/0",
    "SMTP_URL": "smtp://relay.example:587",
    "IMAP_URL": "imaps://lists:pw@imap.example/INBOX",
}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path, offset=100)


def test_without_addresses_all_servers_are_embedded_and_ports_are_shifted(layout: Layout) -> None:
    configuration = configure(layout, {})
    known = read_secrets(layout.secrets_file)
    assert configuration.choices == Choices(("postgres", "redis", "mail"), "development", 100, None)
    assert known["OFFCUT_REDIS_URL"].endswith("@127.0.0.1:9021/0")
    assert known["OFFCUT_CATALOG_DATABASE_URL"].startswith("postgresql://catalog:")
    assert known["OFFCUT_CATALOG_DATABASE_URL"].endswith("@127.0.0.1:9020/offcut")
    assert known["OFFCUT_SMTP_URL"] == "smtp://127.0.0.1:9022"


def test_second_run_keeps_every_password_and_key(layout: Layout) -> None:
    first = dict(configure(layout, {}).secrets)
    assert dict(configure(layout, {}).secrets) == first
    assert len({first[f"OFFCUT_{service.upper()}_DATABASE_PASSWORD"] for service in SERVICES}) == len(SERVICES)


def test_given_addresses_replace_embedded_servers_and_options_reach_every_role(layout: Layout) -> None:
    configuration = configure(layout, HOST)
    known = configuration.secrets
    assert configuration.choices.embedded == ()
    assert known["OFFCUT_MATCHING_DATABASE_URL"].endswith("@db.example:5433/offcut?sslmode=require")
    assert known["OFFCUT_REDIS_URL"] == HOST["REDIS_URL"]
    assert known["OFFCUT_IMAP_URL"] == HOST["IMAP_URL"]
    assert "dba:pw@" not in layout.secrets_file.read_text()


def test_later_run_without_addresses_still_uses_the_given_servers(layout: Layout) -> None:
    first = dict(configure(layout, HOST, environment="production").secrets)
    later = configure(layout, {})
    assert later.choices == Choices((), "production", 100, None)
    assert dict(later.secrets) == first
    assert later.admin_url is None


def test_smtp_address_alone_keeps_the_embedded_mailbox(layout: Layout) -> None:
    configuration = configure(layout, {"SMTP_URL": "smtp://relay.example:25"})
    assert "mail" in configuration.choices.embedded
    assert configuration.secrets["OFFCUT_SMTP_URL"] == "smtp://relay.example:25"
    assert configuration.secrets["OFFCUT_IMAP_URL"].startswith("imap://lists:")


def test_key_that_seals_mailbox_passwords_is_made_once(layout: Layout) -> None:
    first = configure(layout, {}).secrets["OFFCUT_INGESTION_CREDENTIALS_KEY"]
    assert len(first) >= 32
    assert configure(layout, {}).secrets["OFFCUT_INGESTION_CREDENTIALS_KEY"] == first


def test_name_of_the_mail_server_is_ours_when_embedded_and_as_given_otherwise(layout: Layout) -> None:
    assert configure(layout, {}).secrets["OFFCUT_AUTHSERV_ID"] == AUTHSERV_ID
    given = configure(layout, HOST | {"OFFCUT_AUTHSERV_ID": "mx.mail.example"}).secrets
    assert given["OFFCUT_AUTHSERV_ID"] == "mx.mail.example"
    assert configure(layout, {}).secrets["OFFCUT_AUTHSERV_ID"] == "mx.mail.example"


def test_name_of_the_mail_server_is_refused_when_no_header_can_hold_it(layout: Layout) -> None:
    with pytest.raises(ValueError, match="OFFCUT_AUTHSERV_ID"):
        configure(layout, HOST | {"OFFCUT_AUTHSERV_ID": "mx.mail.example; dmarc=pass"})


def test_secrets_file_is_readable_by_its_owner_only(layout: Layout) -> None:
    configure(layout, {})
    assert os.stat(layout.secrets_file).st_mode & 0o777 == 0o600


def test_secret_of_two_lines_is_refused_because_the_file_has_one_per_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="OFFCUT_KEY"):
        write_secrets(tmp_path / "secrets.env", {"OFFCUT_KEY": "a\nb"})


def test_mails_are_from_the_public_host_until_other_addresses_are_given(layout: Layout) -> None:
    names = ("OFFCUT_GATEWAY_FROM_ADDRESS", "OFFCUT_NEWSLETTER_FROM_ADDRESS")
    assert not set(names) & set(configure(layout, HOST).secrets)
    public = {**HOST, "OFFCUT_PUBLIC_URL": "https://papers.example.org:8443"}
    known = configure(layout, public).secrets
    assert [known[name] for name in names] == ["accounts@papers.example.org", "offers@papers.example.org"]
    known = configure(layout, {names[0]: "hello@mill.example"}).secrets
    assert [known[name] for name in names] == ["hello@mill.example", "offers@papers.example.org"]
    assert dict(configure(layout, {}).secrets) == dict(known)
    with pytest.raises(ValueError, match="one plain address"):
        configure(layout, {names[0]: "a@b.example\nBcc: c@d.example"})
