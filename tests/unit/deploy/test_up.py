"""What `bin/up` refuses before it starts anything."""

from pathlib import Path

import pytest

from deploy.configure import configure
from deploy.layout import Layout
from deploy.screen import list_facts
from deploy.up import UpRefused, refuse_data_without_password


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setattr("os.geteuid", lambda: 1000)  # so that the data lie beside the secrets
    return Layout(tmp_path / "var", offset=100)


def test_data_of_a_removed_checkout_are_named_with_what_to_do_before_anything_starts(layout: Layout) -> None:
    refuse_data_without_password(layout, {})
    layout.postgres_data.mkdir(parents=True)
    (layout.postgres_data / "PG_VERSION").write_text("18")
    with pytest.raises(UpRefused) as refused:
        refuse_data_without_password(layout, {})
    for words in (str(layout.postgres_data), "earlier checkout", str(layout.secrets_file), "bin/down --wipe"):
        assert words in str(refused.value)
    assert not layout.secrets_file.exists()
    refuse_data_without_password(layout, {"DATABASE_URL": "postgresql://dba:pw@db.example/postgres"})


def test_commands_to_be_copied_are_whole_on_one_line(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    list_facts([("First", "FILE=/a/" + "b" * 90 + " [command] --name 'Your Name'"), ("Stop it", "bin/down")])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["First     FILE=/a/" + "b" * 90 + " [command] --name 'Your Name'", "Stop it   bin/down"]


def test_data_are_taken_when_their_password_is_known(layout: Layout) -> None:
    known = dict(configure(layout, {}).secrets)
    layout.postgres_data.mkdir(parents=True)
    (layout.postgres_data / "PG_VERSION").write_text("18")
    refuse_data_without_password(layout, {})
    assert dict(configure(layout, {}).secrets) == known
