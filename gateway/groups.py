"""The resource groups of the API, in the order in which a reader meets them."""

from dataclasses import dataclass

from gateway.routes import PREFIX

ABOUT = """Surplus paper, from a mill's list to a buyer's newsletter.

A mill sends a **list** (a *batch* of *rows*). Every good row becomes an **item**: one lot that is for sale. Items are
held against the **requirements** of buyers; what fits is a **match**. A buyer who shows **interest** in an item holds
it for 48 hours (a **window**); the next in the queue follows, at most three in all. **Newsletters** tell each buyer of
his matches.

* **JSON** in and out; unknown members are refused, `null` and absent mean the same in answers.
* **Refusals** are `application/problem+json`: branch on `code`, show `detail`; `type` leads to a page that explains the
  code, in English like all texts. What you may not see is 404, like what
  does not exist.
* **Lists** come in pages: follow `next_cursor`, or the `Link` header, until it is `null`; `prev_cursor` leads back.
  Filter by `field=value` or `field__op=value` (`ne gt gte lt lte in nin contains prefix isnull overlaps`), order by
  `sort=-field,other`, count with `Prefer: return=total-count`, and take up to 50,000 rows as a file with
  `Accept: text/csv` or the type of xlsx; a longer list says so (`X-Export-Truncated`, and the last line of the file),
  and `Link` leads to the next file.
* **Live**: `GET /events` tells what happens as it happens; `/mvp/api/event-types` says of each type what it is about.
* **Tokens** can be verified by anybody with the key set at `/.well-known/jwks.json`.
* **Instants** are in UTC with milliseconds, `2026-03-02T14:05:00.000Z`.
* **Limits**: `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds) are on every answer; 429 says how long to wait.
* **Changes** name the version you saw: send the `ETag` back in `If-Match`. 412 means somebody was faster.
* **Repeats** are safe with an `Idempotency-Key`: the same key and body get the same answer, once done.
"""


@dataclass(frozen=True, slots=True)
class Group:
    """``segments``: first parts of the paths that belong to it."""

    name: str
    about: str
    segments: tuple[str, ...]

    @property
    def anchor(self) -> str:
        return self.segments[0]


GROUPS = (
    Group("Sign-in", "Access tokens for people: sign in, refresh, sign out, change a forgotten password.", ("auth",)),
    Group("Users", "The people of an organisation, and invitations to new ones.", ("users", "invitations")),
    Group(
        "Organisations",
        "Mills, buyers and the operator: registration, approval, profile, and the addresses a mill's lists come from.",
        ("organizations", "registrations"),
    ),
    Group("API tokens", "Sign-in for programs: limited scopes, limited networks, an end.", ("api-tokens",)),
    Group("Webhooks", "Events sent to an address of yours.", ("webhooks", "event-types")),
    Group(
        "Lists", "Surplus lists as mills send them: upload, what was read, corrections, preview, commit.", ("batches",)
    ),
    Group(
        "Mail",
        "Lists that come by mail: mailboxes, every message and what became of it, what columns mean.",
        ("inbound-messages", "mailboxes", "mapping-profiles", "exchange-rates"),
    ),
    Group("Datasheets", "Technical sheets of lots, and the values read from them.", ("datasheets",)),
    Group("Items", "Lots for sale, each as its viewer may see it.", ("items",)),
    Group(
        "Reference data and visibility",
        "Codes and units; and who may see a mill's items.",
        ("reference-data", "visibility-rules"),
    ),
    Group(
        "Requirements and matches",
        "What buyers want, and the lots that fit.",
        ("requirements", "requirement-previews", "matches", "match-runs"),
    ),
    Group(
        "Interests and windows", "Asking for a lot, the queue, and 48 hours to decide alone.", ("interests", "windows")
    ),
    Group("Offers", "Terms of a sale, said and answered.", ("offers",)),
    Group("Newsletter", "What readers want to be told, what they were sent, and links in mails.", ("newsletter",)),
    Group(
        "Platform",
        "Notifications, live events, history, figures, settings, and the state of the system.",
        ("health", "notifications", "events", "audit-entries", "dashboard", "settings", "dead-letters", "problems"),
    ),
)
_OF_SEGMENT = {segment: group for group in GROUPS for segment in group.segments}


def group_of(path: str) -> Group:
    """The group of a path below ``/mvp/api/``; raises ``KeyError`` for a segment that no group names."""
    return _OF_SEGMENT[path.removeprefix(PREFIX).partition("/")[0]]
