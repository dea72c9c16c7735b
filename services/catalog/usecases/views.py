"""Items as an actor may see them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from operator import itemgetter
from typing import Any
from uuid import UUID

from services.catalog.store import views
from shared.auth import Actor
from shared.contracts.gateway import Role
from shared.contracts.visibility import Disclosure, RuleSet, Viewer, sees_datasheet_file, visible_fields
from shared.db import Conn
from shared.keyset import Found, Question

View = dict[str, Any]
"""An item as JSON; hidden members are ``None`` and named in ``redacted``."""

LIST_MEMBERS = (
    "id", "version", "status", "listing_cycle", "mill", "lot_ref", "product_name", "grade_code", "grade_raw", "form",
    "gsm", "width_mm", "sheet_w_mm", "sheet_l_mm", "grain", "diameter_mm", "core_mm", "caliper_um", "reel_count",
    "pallet_count", "sheet_count", "weight_band", "weight_net_kg", "weight_gross_kg", "quality_class",
    "surplus_reason", "defects", "colour", "brightness_iso", "certification", "price", "currency", "price_unit",
    "price_per_t", "incoterm", "location_country", "location_place", "available_from", "valid_until", "expires_on",
    "listed_at", "reserved_until", "exclusivity", "remarks", "lot_key", "batch_id", "header_fingerprint",
    "created_at", "updated_at",
)  # fmt: skip
DETAIL_MEMBERS = (*LIST_MEMBERS, "contacts", "source_values", "holder", "datasheets")


async def find_items(conn: Conn, question: Question, *, actor: Actor, words: str | None) -> Found[View]:
    """A page of items as the actor sees them."""
    buyer_id, mill_id = _as(actor)
    found = await views.page(conn, question, words=words, buyer_id=buyer_id, mill_id=mill_id)
    return found.shaped(partial(_shape, of_buyer=buyer_id is not None, detail=False))


async def see_item(conn: Conn, *, actor: Actor, item_id: UUID) -> tuple[View, str] | None:
    """One item and the tag of this view of it; ``None`` when the actor may not see it."""
    buyer_id, mill_id = _as(actor)
    row = await views.one(conn, item_id, buyer_id=buyer_id, mill_id=mill_id)
    if row is None:
        return None
    viewer, position, version = _TAGGED(row)
    tag = f"{Viewer(viewer).name.lower()}.{version}.{position or 0}"
    return _shape(row, of_buyer=buyer_id is not None, detail=True), tag


def _as(actor: Actor) -> tuple[UUID | None, UUID | None]:
    """The buyer or the mill as whom an actor looks; the operator looks as neither."""
    if actor.role == Role.BUYER_USER:
        return actor.organization_id, None
    return None, None if actor.is_admin else actor.organization_id


@dataclass(frozen=True, slots=True)
class _Form:
    """How a row of some viewer becomes a view: which values are shown under which names; the others stay ``None``."""

    names: tuple[str, ...]
    values: Callable[[views.Row], tuple[Any, ...]]
    empty: View


_PLACES = {name: place for place, name in enumerate(views.names_of(of_buyer=True, detail=False))}
_CLASS = itemgetter(*(_PLACES[name] for name in ("viewer", "price_disclosure", "identity_disclosure")))
_TAGGED = itemgetter(*(_PLACES[name] for name in ("viewer", "interest_position", "relation_version")))
_MILL = itemgetter(*(_PLACES[name] for name in ("mill_id", "mill_name", "mill_slug")))
_EXCLUSIVITY = itemgetter(*(_PLACES[name] for name in ("grants_used", "max_grants", "opened")))
_MY = itemgetter(
    *(_PLACES[name] for name in ("match_id", "match_score", "interest_id", "interest_position", "window_id",
                                 "window_expires_at"))
)  # fmt: skip
# Made of several values of the row; here only for their place.
_MADE = {"mill": "mill_id", "exclusivity": "grants_used"}
_NOTHING: dict[str, None] = {"match": None, "interest": None, "window": None}


@cache
def _form(viewer: int, price: str | None, identity: str | None, of_buyer: bool, detail: bool) -> _Form:
    rules = RuleSet(price=Disclosure(price), identity=Disclosure(identity)) if price and identity else None
    members = DETAIL_MEMBERS if detail else LIST_MEMBERS
    visible = visible_fields(Viewer(viewer), rules)
    hidden = [name for name in members if name not in visible]
    shown = tuple(name for name in members if name in visible)
    places = {name: place for place, name in enumerate(views.names_of(of_buyer=of_buyer, detail=detail))}
    values = itemgetter(*(places[_MADE.get(name, name)] for name in shown)) if shown else tuple
    return _Form(shown, values, {**dict.fromkeys(members), "my": _NOTHING, "redacted": hidden})


def _shape(row: views.Row, *, of_buyer: bool, detail: bool) -> View:
    viewer, price, identity = _CLASS(row)
    form = _form(viewer, price, identity, of_buyer, detail)
    view = form.empty.copy()
    view.update(zip(form.names, form.values(row), strict=False))
    if view["mill"] is not None:
        mill_id, name, slug = _MILL(row)
        view["mill"] = {"id": mill_id, "name": name, "slug": slug}
    if view["exclusivity"] is not None:
        used, most, opened = _EXCLUSIVITY(row)
        view["exclusivity"] = {"grants_used": used, "max_grants": most, "open": opened}
    if view.get("datasheets"):
        view["datasheets"] = _sheets(view["datasheets"], Viewer(viewer))
    match_id, score, interest_id, position, window_id, expires_at = _MY(row)
    if match_id or interest_id or window_id:
        view["my"] = {
            "match": {"id": match_id, "score": score} if match_id else None,
            "interest": {"id": interest_id, "position": position} if interest_id else None,
            "window": {"id": window_id, "expires_at": expires_at} if window_id else None,
        }
    return view


def _sheets(found: list[View], viewer: Viewer) -> list[View]:
    """Data sheets with their values; the name of the file may tell whose it is, so it goes with the file."""
    shown = sees_datasheet_file(viewer)
    return [
        {
            **one,
            "file_name": one["file_name"] if shown else None,
            "file": f"/mvp/api/datasheets/{one['id']}/file" if shown else None,
        }
        for one in found
    ]
