"""The API as a page: whole, without scripts, and from no other host."""

import re
from html.parser import HTMLParser

from gateway.reference import marked
from tests.support.town import Town

PAGE = "/mvp/api/docs/reference"


class Reading(HTMLParser):
    """What a browser would fetch, where links lead, and whether every tag is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.fetched += [found[name] for name in ("src", "srcset") if name in found]
        self.fetched += [found["href"]] if tag == "link" else []
        self.links += [found["href"]] if tag == "a" else []
        self.ids += [found["id"]] if "id" in found else []
        assert not {name for name in found if name.startswith("on") or name == "style"}, found
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def test_reference_when_read_then_holds_every_operation_and_no_script(built: Town) -> None:
    document = (await built.ask("nobody", "GET", "/openapi.json")).json()
    answer = await built.client.get(f"{built.address}{PAGE}")
    assert answer.status_code == 200
    assert "default-src 'none'; style-src 'self'" in answer.headers["content-security-policy"]
    page = Reading()
    page.feed(answer.text)
    assert page.open == []
    assert page.fetched == ["/mvp/api/docs/reference.css"]
    operations = {one["operationId"] for path in document["paths"].values() for one in path.values()}
    assert operations <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    for link in sorted({link for link in page.links if not link.startswith("#")}):
        assert (await built.client.get(f"{built.address}{link}")).status_code == 200, link
    assert "<script" not in answer.text


async def test_reference_when_styled_then_dark_and_printed_too(built: Town) -> None:
    style = (await built.client.get(f"{built.address}/mvp/api/docs/reference.css")).text
    assert "prefers-color-scheme: dark" in style
    assert "@media print" in style
    assert not re.search(r"url\(|@import", style)


def test_descriptions_when_they_hold_html_then_shown_as_written() -> None:
    text = "A `code` and **much** *so* <script>alert(1)</script>\n\n* one\n* two"
    assert marked(text) == (
        "<p>A <code>code</code> and <strong>much</strong> <em>so</em> &lt;script&gt;alert(1)&lt;/script&gt;</p>"
        "<ul><li>one</li><li>two</li></ul>"
    )
