"""One document for the whole API: valid, complete, and with examples that are true."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import orjson
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from deploy.routes import apps
from gateway.documents import merged

JSON = dict[str, Any]
Operation = tuple[str, JSON]


@pytest.fixture(scope="module", name="parts")
def of_all_services() -> list[tuple[str, FastAPI]]:
    return list(apps())


@pytest.fixture(scope="module", name="document")
def the_document(parts: list[tuple[str, FastAPI]]) -> JSON:
    # As it travels: what is not JSON fails here.
    return orjson.loads(orjson.dumps(merged([app.openapi() for _, app in parts], [])))


@pytest.fixture(scope="module", name="operations")
def all_operations(document: JSON) -> list[Operation]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


def test_document_when_put_together_then_valid_by_the_standard(document: JSON) -> None:
    assert document["openapi"].startswith("3.1")
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(document)] == []
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_references_when_followed_then_lead_somewhere(document: JSON) -> None:
    text = orjson.dumps(document).decode()
    wanted = {part.partition('"')[0] for part in text.split('"$ref":"#/components/')[1:]}
    known = {f"{kind}/{name}" for kind, members in document["components"].items() for name in members}
    assert wanted <= known


def test_operations_when_listed_then_each_says_what_it_does(document: JSON, operations: list[Operation]) -> None:
    ids = [one["operationId"] for _, one in operations]
    assert len(ids) == len(set(ids)), "two functions of routes have one name"
    described = {tag["name"] for tag in document["tags"] if len(tag["description"]) > 20}
    for name, one in operations:
        assert 3 < len(one["summary"]) < 110, f"{name}: {one['summary']!r} is no summary; its docstring begins with it"
        assert len(one["tags"]) == 1, name
        assert set(one["tags"]) <= described, name
        assert one["security"] == [] or one["x-roles"], name


def test_refusals_when_a_route_has_a_mark_then_documented(operations: list[Operation]) -> None:
    for name, one in operations:
        answers = set(one["responses"])
        headers = {found["name"] for found in one.get("parameters", []) if found["in"] == "header"}
        assert {"429", "503"} <= answers, name
        assert ("403" in answers) == bool(one["security"]), name
        assert "401" in answers or not one["security"], name
        assert ({"412", "428"} <= answers) == ("If-Match" in headers), name
        assert ("413" in answers) == ("requestBody" in one), name
        if "{" in name:
            assert "404" in answers, name
        for status, answer in one["responses"].items():
            assert status < "400" or answer["$ref"].startswith("#/components/responses/"), (name, status)


def test_examples_when_sent_as_answers_then_fit_their_schemas(document: JSON, operations: list[Operation]) -> None:
    wrong = [
        f"{name} {status}: {error.message} at {error.instance_path}"
        for name, one in operations
        for status, answer in one["responses"].items()
        for kind, media in answer.get("content", {}).items()
        if kind == "application/json"
        for error in errors(document, media["schema"], media["example"])
    ]
    assert wrong == []


def errors(document: JSON, schema: JSON, example: object) -> Iterator[Any]:
    whole = {**schema, "components": document["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True).iter_errors(example)


def test_examples_when_sent_as_requests_then_taken(parts: list[tuple[str, FastAPI]]) -> None:
    """By the models themselves, with the rules that no schema can say."""
    seen = 0
    for _, app in parts:
        document = app.openapi()
        for route in routes_of(app):
            for method in route.methods or ():
                body = document["paths"][f"/mvp/api{route.path}"][method.lower()].get("requestBody")
                if body is None or route.body_field is None or "multipart/form-data" in body["content"]:
                    continue
                for media in body["content"].values():
                    _, found = route.body_field.validate(media["example"], {}, loc=("body",))
                    assert not found, f"{method} {route.path}: give its model an example (json_schema_extra): {found}"
                seen += 1
    assert seen > 25


def routes_of(app: FastAPI) -> Iterator[APIRoute]:
    for router in app.state.contract:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                yield route
