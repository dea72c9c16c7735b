"""A mail server whose name we do not know: every mail would be refused, and the log must say why."""

import pytest

from tests.integration.ingestion.market import csv_list, usual_list
from tests.integration.ingestion.post import PASS, Post, mail

LIST = csv_list(*usual_list())


@pytest.mark.parametrize(
    ("before", "authentication", "warnings"),
    [
        pytest.param(None, "mx.mill-host.example; dmarc=pass header.from=saarmuehle.example", 1, id="signed-otherwise"),
        pytest.param(None, None, 1, id="not-signed-at-all"),
        pytest.param(None, "mx.offcut.example; dmarc=fail", 0, id="refused-by-our-server"),
        pytest.param(PASS, None, 0, id="our-server-was-seen-before"),
    ],
)
async def test_mail_that_our_server_did_not_sign_when_none_ever_was_then_the_log_names_the_setting(
    post: Post, caplog: pytest.LogCaptureFixture, before: str | None, authentication: str | None, warnings: int
) -> None:
    if before is not None:
        await post.arrive(mail(LIST, authentication=before, message_id="<0@saarmuehle.example>"))
    await post.arrive(mail(LIST, authentication=authentication))
    assert (await post.outcomes())[-1] == ("quarantined", "dmarc_fail")
    found = [record for record in caplog.records if "OFFCUT_AUTHSERV_ID" in record.getMessage()]
    assert len(found) == warnings
    assert all(record.levelname == "WARNING" for record in found)
