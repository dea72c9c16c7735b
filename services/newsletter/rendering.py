"""Turns pages into HTML and text. Styles are inlined and templates compiled once per process, never per mail.

In HTML templates a block is a comment (``<!--% if … %-->``): the inliner reads the template as a document and moves
text out of tables, but never comments.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import css_inline
from jinja2 import Environment, FileSystemLoader, FunctionLoader, StrictUndefined, Template

from services.newsletter.presentation import Card, Fact

TEMPLATES = Path(__file__).parent / "templates"
FACT_WIDTHS = ("25%", "34%", "22%", "19%")  # grammage, size, weight, class: the same in every lot


@dataclass(frozen=True, slots=True)
class NewsletterPage:
    """One issue in words. ``unsubscribe_url`` and ``pixel_url`` are ``None`` in a preview."""

    language: str
    subject: str
    preheader: str
    kicker: str
    day: str
    headline: str
    greeting: str
    intro: str
    cards: tuple[Card, ...]
    action: str
    left_over: str
    tagline: str
    why: str
    preferences: str
    preferences_url: str
    unsubscribe: str
    unsubscribe_url: str | None
    pixel_url: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """A titled paragraph of lines."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotePage:
    """A transactional mail in words; ``url`` ``None``: nothing to press."""

    language: str
    subject: str
    preheader: str
    kicker: str
    headline: str
    greeting: str
    intro: str
    pairs: tuple[Fact, ...]
    blocks: tuple[Block, ...]
    action: str
    url: str | None
    tagline: str
    why: str


@dataclass(frozen=True, slots=True)
class PublicPage:
    """A page behind a link of a mail; ``button`` ``None``: nothing to confirm."""

    language: str
    title: str
    text: str
    button: str | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail's two faces."""

    subject: str
    html: str
    text: str


def _source(inliner: css_inline.CSSInliner) -> Callable[[str], str]:
    def load(name: str) -> str:
        head = (TEMPLATES / "head.html.j2").read_text("utf-8")
        # Included before inlining: the inliner would give a fragment a document of its own.
        source = (TEMPLATES / name).read_text("utf-8").replace('<!--% include "head.html.j2" %-->', head)
        return inliner.inline(source)

    return load


@cache
def _html(name: str) -> Template:
    inliner = css_inline.CSSInliner(
        extra_css=(TEMPLATES / "mail.css").read_text("utf-8"),
        keep_style_tags=True,
        load_remote_stylesheets=False,
    )
    environment = Environment(
        loader=FunctionLoader(_source(inliner)),
        autoescape=True,
        undefined=StrictUndefined,
        block_start_string="<!--%",
        block_end_string="%-->",
        comment_start_string="<!--#",
        comment_end_string="#-->",
        auto_reload=False,
    )
    environment.globals["fact_widths"] = FACT_WIDTHS  # pyright: ignore[reportArgumentType] – jinja2 takes any value
    return environment.get_template(name)


@cache
def _text(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # noqa: S701 - plain text has nothing to escape
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    return environment.get_template(name)


def render_newsletter(page: NewsletterPage) -> Rendered:
    html = _html("newsletter.html.j2").render(page=page)
    return Rendered(page.subject, html, _text("newsletter.txt.j2").render(page=page))


def render_note(page: NotePage) -> Rendered:
    html = _html("note.html.j2").render(page=page)
    return Rendered(page.subject, html, _text("note.txt.j2").render(page=page))


def render_page(page: PublicPage) -> str:
    return _html("page.html.j2").render(page=page)
