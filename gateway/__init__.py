"""gateway: the only door for people and API clients.

Owns       organization, person, session, refresh_token, login_failure, api_token, mail, mail_link, event_log, replay.
Publishes  gateway.organization.changed, gateway.user.changed / erased.
Consumes   every event (kept in event_log for history and tracing).
Promises   One address for every service; a token that is revoked stops working within 2 s; one service that is down
           takes nobody else with it.
"""
