"""The gateway: the only door for people and API clients.

Owns      organisations (mills, buyers, the operator), users, sessions, refresh tokens, the log of all events.
Publishes gateway.organization.changed.v1, gateway.user.changed.v1, gateway.user.erased.v1
Consumes  every event (kept in ``event_log`` for history and tracing).
Promises  one address for every service; a token that is revoked stops working within 2 s; one service that is down
          takes nobody else with it.
"""
