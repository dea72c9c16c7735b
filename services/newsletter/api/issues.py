"""Personal newsletters: what was made, and making one by hand."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Header, Request, Response
from fastapi.responses import HTMLResponse

from services.newsletter.schemas import IssueAnswer, IssueRequest, IssuesMade, PreviewAnswer
from services.newsletter.store import issues
from services.newsletter.usecases import previews
from shared.auth import BuyerActor
from shared.db import clock
from shared.idempotency import Keyed
from shared.listing import Asked, listed
from shared.paging import Page
from shared.service import Transaction, router

routes = router("newsletter")


@routes.get("/newsletter/issues", response_model=Page[IssueAnswer])
async def list_issues(
    asked: Annotated[Asked, listed(issues.ISSUES)], actor: BuyerActor
) -> Page[IssueAnswer] | Response:
    """Own issues, newest first; the operator sees everybody's."""
    return await asked.answer(partial(issues.listed, user_id=None if actor.is_admin else actor.user_id), IssueAnswer.of)


@routes.post(
    "/newsletter/issues", status_code=202, responses={200: {"model": IssuesMade, "description": "The previews."}}
)
async def post_issues(
    conn: Transaction, actor: BuyerActor, request: Request, response: Response, body: IssueRequest, _: Keyed
) -> IssuesMade:
    """Make an issue now. With ``dry_run`` nothing is stored or sent: the answer holds subject, HTML and text."""
    settings, now = request.app.state.settings, await clock(conn)
    if body.dry_run:
        found = await previews.preview(
            conn, actor=actor, user_id=body.user_id, buyer_id=body.buyer_id, settings=settings, now=now
        )
        response.status_code = 200
        shown = [
            PreviewAnswer(
                user_id=one.user_id,
                item_ids=list(one.item_ids),
                subject=one.rendered.subject if one.rendered else None,
                html=one.rendered.html if one.rendered else None,
                text=one.rendered.text if one.rendered else None,
            )
            for one in found
        ]
        return IssuesMade(items=[], previews=shown)
    made = await previews.send_now(
        conn, actor=actor, user_id=body.user_id, buyer_id=body.buyer_id, settings=settings, now=now
    )
    if len(made) == 1:
        response.headers["Location"] = f"/mvp/api/newsletter/issues/{made[0].issue_id}"
    return IssuesMade(items=[IssueAnswer.of(row) for row in made], previews=[])


@routes.get(
    "/newsletter/issues/{issue_id}",
    response_model=IssueAnswer,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def get_issue(
    conn: Transaction,
    actor: BuyerActor,
    request: Request,
    issue_id: UUID,
    accept: Annotated[str | None, Header(max_length=500)] = None,
) -> Response | IssueAnswer:
    """An issue as JSON, or as a page with ``Accept: text/html``: its lots as their reader may see them today."""
    row = await previews.issue_of(conn, issue_id=issue_id, actor=actor)
    if accept is not None and accept.startswith("text/html"):
        html = await previews.issue_html(conn, row, settings=request.app.state.settings)
        return HTMLResponse(html, headers={"Vary": "Accept", "Content-Security-Policy": "script-src 'none'"})
    return IssueAnswer.of(row)
