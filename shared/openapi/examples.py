"""Examples made from a schema: what a model says itself, else the words of the trade, else what its type allows."""

import re
from collections.abc import Mapping
from typing import Any, cast

from shared.openapi.vocabulary import WORDS

JSON = dict[str, Any]
DEPTH_MAX = 6
UUID = "0193f2c4-7b3e-7a11-9c52-e4d0f6a8b120"
_OF_FORMAT = {
    "uuid": UUID,
    "date": "2026-03-02",
    "date-time": "2026-03-02T14:05:00.000Z",
    "time": "07:00:00",
    "binary": "surplus-march.xlsx",
    "uri": "https://ostwelle.example/",
}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


class Examples:
    """Makes examples of the schemas of one document."""

    def __init__(self, schemas: Mapping[str, JSON]) -> None:
        self._schemas = schemas

    def request(self, schema: JSON) -> object:
        """What is needed and no more, so that rules between members are kept; one wish where nothing is needed."""
        return self._of(schema, "", depth=0, whole=False)

    def answer(self, schema: JSON) -> object:
        return self._of(schema, "", depth=0, whole=True)

    def parameter(self, name: str, schema: JSON) -> object:
        return self._of(schema, name, depth=0, whole=False)

    def _resolved(self, schema: JSON) -> JSON:
        """The schema meant, with its name as ``x-name``."""
        while "$ref" in schema:
            name = str(schema["$ref"]).rpartition("/")[2]
            schema = {**self._schemas[name], **_without_ref(schema), "x-name": name}
        return schema

    def _of(self, schema: JSON, name: str, *, depth: int, whole: bool) -> object:
        schema = self._resolved(schema)
        if "examples" in schema:
            return schema["examples"][0]
        word = self._word(schema, name)
        if word is not None:
            return word
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                return self._of_alternatives(schema[several], name, depth=depth, whole=whole)
        for given in ("const", "default"):
            if given in schema:
                return schema[given]
        if "enum" in schema:
            return schema["enum"][0]
        return self._of_type(schema, name, depth=depth, whole=whole)

    def _word(self, schema: JSON, name: str) -> object:
        known = WORDS.get(name)
        several = isinstance(known, list) and name not in _LISTS
        candidates = cast(list[object], known) if several else [cast(object, known)]
        return next((one for one in candidates if one is not None and self._fits(schema, one)), None)

    def _of_alternatives(self, several: list[JSON], name: str, *, depth: int, whole: bool) -> object:
        resolved = [self._resolved(one) for one in several]
        others = [one for one in resolved if one.get("type") != "null"]
        if (
            whole
            and len(others) < len(resolved)
            and not any("properties" in one or "examples" in one for one in others)
        ):
            return None  # may be absent, and no word of the trade says what it would be
        return self._of(others[0], name, depth=depth, whole=whole)

    def _of_type(self, schema: JSON, name: str, *, depth: int, whole: bool) -> object:
        match schema.get("type"):
            case "object" if "properties" in schema:
                return self._object(schema, depth=depth, whole=whole)
            case "array":
                few = depth >= DEPTH_MAX or "items" not in schema or (not whole and not schema.get("minItems"))
                return [] if few else [self._of(schema["items"], _singular(name), depth=depth + 1, whole=whole)]
            case "string":
                return _OF_FORMAT.get(str(schema.get("format", "")), "text")
            case "integer":
                return max(1, int(schema.get("minimum", 0)))
            case "number":
                return float(max(1, schema.get("minimum", 0)))
            case "boolean":
                return False
            case "null":
                return None
            case _:
                return {}

    def _object(self, schema: JSON, *, depth: int, whole: bool) -> JSON:
        members: dict[str, JSON] = schema["properties"]
        names = list(members) if whole else list(schema.get("required", []))
        if not names:
            names = [name for name in members if name in WORDS][:1] or list(members)[:1]
        made: JSON = {}
        for name in names:
            own = f"{schema.get('x-name')}.{name}"
            made[name] = WORDS[own] if own in WORDS else self._of(members[name], name, depth=depth + 1, whole=whole)
        return made

    def _fits(self, schema: JSON, value: object) -> bool:
        """Whether a schema as ours are would take a value; the whole examples are checked in a test."""
        schema = self._resolved(schema)
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return any(self._fits(one, value) for one in schema[several])
        types = _TYPES.get(str(schema.get("type", "")), (object,))
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            return False
        if value not in schema.get("enum", [value]) or value != schema.get("const", value):
            return False
        if isinstance(value, str):
            return _fits_text(schema, value)
        if isinstance(value, dict):
            given = cast(JSON, value)
            members = cast(JSON, schema.get("properties", {}))
            return set(schema.get("required", [])) <= set(given) and (not members or set(given) <= set(members))
        if isinstance(value, list) and "items" in schema:
            return all(self._fits(schema["items"], one) for one in cast(list[object], value))
        return not isinstance(value, int) or schema.get("minimum", value) <= value <= schema.get("maximum", value)


def _fits_text(schema: JSON, value: str) -> bool:
    pattern, kind = schema.get("pattern"), schema.get("format")
    if pattern is not None and not re.search(str(pattern), value):
        return False
    if kind == "uuid" and len(value) != len(UUID):
        return False
    if kind in ("date", "date-time", "time") and len(value) != len(_OF_FORMAT[kind]):
        return False
    return int(schema.get("minLength", 0)) <= len(value) <= int(schema.get("maxLength", len(value)))


def _without_ref(schema: JSON) -> JSON:
    return {name: value for name, value in schema.items() if name != "$ref"}


def _singular(name: str) -> str:
    return name.removesuffix("s")


_LISTS = frozenset(
    {"permissions", "scopes", "networks", "sender_addresses", "sender_domains", "grade_codes", "families",
     "certification", "product_forms", "ship_from_countries", "redacted", "troubles", "item_ids", "batch_ids"}
)  # fmt: skip
"""Words that are a list, not several words."""
