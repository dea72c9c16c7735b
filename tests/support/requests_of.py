"""Requests made from the document of the API: as it shows them, to things of a town."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.support.town import Town

JSON = dict[str, Any]
USUAL = {"mill_user": "aumuehle.owner", "buyer_user": "carta.owner", "admin": "admin"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation. ``kind`` is the media type of its body, ``body`` the example of it."""

    method: str
    path: str
    roles: frozenset[str]
    kind: str | None
    body: Any
    members: tuple[str, ...]
    shown_as: tuple[str, ...]
    filters: frozenset[str]
    is_public: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def nouns(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def caller(self) -> str:
        """Somebody who may: people of a mill or a buyer before the operator."""
        if self.is_public:
            return "nobody"
        return next(USUAL[role] for role in ("mill_user", "buyer_user", "admin") if role in self.roles)

    def path_to(self, built: Town) -> str:
        """The path to things that are there."""
        path = self.path
        for noun in self.nouns:
            known = built.first(noun) or (str(uuid4()) if noun.endswith("_id") else "2026-01-31")
            path = path.replace(f"{{{noun}}}", known if noun != "token" else "no-such-token-of-any-mail")
        return path


def endpoints_of(document: JSON) -> Iterator[Endpoint]:
    schemas: dict[str, JSON] = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            kinds: dict[str, JSON] = operation.get("requestBody", {}).get("content", {})
            kind = next(iter(kinds), None)
            schema: JSON = kinds[kind]["schema"] if kind else {}
            if "$ref" in schema:
                schema = schemas[str(schema["$ref"]).rpartition("/")[2]]
            members: JSON = schema.get("properties", {})
            yield Endpoint(
                method=method.upper(),
                path=path.removeprefix("/mvp/api"),
                roles=frozenset(operation.get("x-roles", ())),
                kind=kind,
                body=kinds[kind]["example"] if kind else None,
                members=tuple(members),
                shown_as=tuple({"application/json", *operation["responses"].get("200", {}).get("content", {})}),
                filters=frozenset(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"),
                is_public=operation["security"] == [],
            )
