"""The gateway's own routes, by resource."""

from gateway.api import api_tokens, audit, auth, dashboard, events, notifications, organizations, users

ROUTERS = (
    auth.auth,
    users.users,
    organizations.organizations,
    api_tokens.api_tokens,
    notifications.notifications,
    events.live,
    audit.audit,
    dashboard.dashboard,
)
