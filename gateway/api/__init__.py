"""The gateway's own routes, by resource."""

from gateway.api import api_tokens, auth, organizations, users

ROUTERS = (auth.auth, users.users, organizations.organizations, api_tokens.api_tokens)
