"""Plain pages until the single-page app exists, so that the links in a newsletter lead somewhere.

A page asks the services as the signed-in person, with his own token, through the same proxied routes as any client.
"""

from fastapi import APIRouter

from gateway.pages import admin, links, lists, lots, newsletter, sign_in
from shared.auth import public

pages = APIRouter(include_in_schema=False, dependencies=[public])
for _noun in (sign_in, links, lists, lots, newsletter, admin):
    pages.include_router(_noun.pages)
