"""Items as an actor may see them."""

from functools import cache
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
    return found.shaped(lambda row: _shape(row, LIST_MEMBERS))


async def see_item(conn: Conn, *, actor: Actor, item_id: UUID) -> tuple[View, str] | None:
    """One item and the tag of this view of it; ``None`` when the actor may not see it."""
    buyer_id, mill_id = _as(actor)
    row = await views.one(conn, item_id, buyer_id=buyer_id, mill_id=mill_id)
    if row is None:
        return None
    position = row["interest_position"] or 0
    tag = f"{Viewer(row['viewer']).name.lower()}.{row['relation_version']}.{position}"
    return _shape(row, DETAIL_MEMBERS), tag


def _as(actor: Actor) -> tuple[UUID | None, UUID | None]:
    """The buyer or the mill as whom an actor looks; the operator looks as neither."""
    if actor.role == Role.BUYER_USER:
        return actor.organization_id, None
    return None, None if actor.is_admin else actor.organization_id


@cache
def _members(
    viewer: int, price: str | None, identity: str | None, members: tuple[str, ...]
) -> tuple[tuple[str, ...], dict[str, None], list[str]]:
    """Shown members, hidden members with their ``None``, and their names."""
    rules = RuleSet(price=Disclosure(price), identity=Disclosure(identity)) if price and identity else None
    visible = visible_fields(Viewer(viewer), rules)
    hidden = [name for name in members if name not in visible]
    return tuple(name for name in members if name in visible), dict.fromkeys(hidden), hidden


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


def _shape(row: views.Row, members: tuple[str, ...]) -> View:
    shown, hidden, redacted = _members(row["viewer"], row["price_disclosure"], row["identity_disclosure"], members)
    view: View = {name: row[name] for name in shown}
    view.update(hidden)
    if view.get("datasheets"):
        view["datasheets"] = _sheets(view["datasheets"], Viewer(row["viewer"]))
    match_id, interest_id, window_id = row["match_id"], row["interest_id"], row["window_id"]
    view["my"] = {
        "match": {"id": match_id, "score": row["match_score"]} if match_id else None,
        "interest": {"id": interest_id, "position": row["interest_position"]} if interest_id else None,
        "window": {"id": window_id, "expires_at": row["window_expires_at"]} if window_id else None,
    }
    view["redacted"] = redacted
    return view
