"""The description of the API, made from the routes: a new route is described by being written.

What a route asks for is read from its dependencies: a role, a version (``ExpectedVersion``), a key (``Keyed``), a page
(``listed``). From these follow its problems, parameters, headers and security; examples follow from its models.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from shared.openapi.describing import described

__all__ = ["DescribedApp", "operation_id"]


class DescribedApp(FastAPI):
    """An app whose document says everything that its routes already say."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = described(super().openapi(), self.state.contract)
        return self.openapi_schema


def operation_id(route: APIRoute) -> str:
    """The name of the function: it stays when a path changes, and programs made from the document read well."""
    return route.name
