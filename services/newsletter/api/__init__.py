"""Routes of newsletter, by resource."""

from services.newsletter.api import deliveries, issues, preferences, tracking

ROUTERS = (preferences.routes, issues.routes, deliveries.routes, tracking.routes)
