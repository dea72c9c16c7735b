"""The routes of catalog."""

from services.catalog.api import items, reference, rules

ROUTERS = (items.routes, reference.routes, rules.routes)
