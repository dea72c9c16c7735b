"""The gateway's own routes, by resource."""

from gateway.api import api_tokens, audit, auth, dashboard, events, notifications, organizations, privacy, users

ROUTERS = (
    auth.auth,
    users.users,
    privacy.privacy,
    organizations.organizations,
    api_tokens.api_tokens,
    notifications.notifications,
    events.live,
    audit.audit,
    dashboard.dashboard,
)
