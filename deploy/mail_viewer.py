"""Pages that show the mail this machine has sent, so that a newsletter can be looked at without a mail account."""

import mailbox
from email.message import EmailMessage
from html import escape

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse

from deploy.mailroom import Mailroom, read

SHOWN_MAX = 200
# The mail itself is a stranger: it runs no script, loads nothing but pictures, and may only open links in a new page.
CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data: http://127.0.0.1:*; frame-src 'self'"
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;width:100%}td,th{padding:.4rem .6rem;text-align:left;border-bottom:1px solid #ddd}"
    "iframe{width:100%;height:70vh;border:1px solid #ddd}pre{white-space:pre-wrap;background:#f6f6f6;padding:1rem}"
)


def create_viewer(mailroom: Mailroom) -> FastAPI:
    viewer = FastAPI(openapi_url=None)
    outbox = mailroom.maildir("outbox")

    @viewer.get("/")
    def index(to: str = "") -> HTMLResponse:  # pyright: ignore[reportUnusedFunction] – the decorator uses it
        newest = sorted(outbox.keys(), key=_arrival, reverse=True)
        rows = [_row(outbox, key) for key in newest[: SHOWN_MAX * 5]]
        shown = [row for row, recipient in rows if to.lower() in recipient.lower()][:SHOWN_MAX]
        body = "".join(shown) or "<tr><td colspan=3>No mail yet.</td></tr>"
        return _page(
            "Outgoing mail",
            f"<p>{len(newest)} mails; the newest {SHOWN_MAX} are shown. They went no further than this machine.</p>"
            f"<form><input name=to placeholder='recipient contains' value='{escape(to)}'> <button>Find</button></form>"
            f"<table><tr><th>To<th>Subject<th>Date</tr>{body}</table>",
        )

    @viewer.get("/mails/{key}")
    def show(key: str) -> HTMLResponse:  # pyright: ignore[reportUnusedFunction] – the decorator uses it
        message = _find(outbox, key)
        text = message.get_body(("plain",))
        headers = "".join(
            f"<tr><th>{escape(name)}<td>{escape(str(value))}</tr>"
            for name, value in message.items()
            if not name.lower().startswith(("content-", "mime-"))
        )
        frame = (
            f"<iframe sandbox='allow-popups allow-popups-to-escape-sandbox' src='/mails/{escape(key)}/html'></iframe>"
        )
        return _page(
            str(message["Subject"] or "(no subject)"),
            f"<table>{headers}</table>"
            + (f"<h2>As a page</h2>{frame}" if message.get_body(("html",)) else "")
            + (f"<h2>As plain text</h2><pre>{escape(str(text.get_content()))}</pre>" if text else ""),
        )

    @viewer.get("/mails/{key}/html")
    def html(key: str) -> HTMLResponse:  # pyright: ignore[reportUnusedFunction] – the decorator uses it
        part = _find(outbox, key).get_body(("html",))
        if part is None:
            raise HTTPException(404, "this mail has no HTML part")
        content = f"<base target=_blank>{part.get_content()}"
        return HTMLResponse(content, headers={"Content-Security-Policy": f"{CONTENT_POLICY}; sandbox allow-popups"})

    return viewer


def _arrival(key: str) -> float:
    """Return the time that begins the name of every file in a Maildir."""
    seconds = key.partition(".")[0]
    return float(seconds) if seconds.isdigit() else 0


def _find(outbox: mailbox.Maildir, key: str) -> EmailMessage:
    try:
        return read(outbox, key)
    except KeyError as gone:
        raise HTTPException(404, "no such mail") from gone


def _row(outbox: mailbox.Maildir, key: str) -> tuple[str, str]:
    """Return one line of the index and its recipient; a mail that vanished meanwhile is an empty line."""
    try:
        message = read(outbox, key)
    except KeyError:
        return "", ""
    recipient = str(message["Delivered-To"] or "")
    subject = escape(str(message["Subject"] or "(no subject)"))
    link = f"<a href='/mails/{escape(key)}'>{subject}</a>"
    return f"<tr><td>{escape(recipient)}<td>{link}<td>{escape(str(message['Date'] or ''))}</tr>", recipient


def _page(title: str, body: str) -> HTMLResponse:
    html = f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title><style>{STYLE}</style>"
    return HTMLResponse(
        f"{html}<p><a href='/'>Outgoing mail</a></p><h1>{escape(title)}</h1>{body}</html>",
        headers={"Content-Security-Policy": CONTENT_POLICY},
    )
