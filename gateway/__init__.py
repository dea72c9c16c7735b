"""gateway: the only door for people and API clients.

Owns       organization, person, session, refresh_token, login_failure, api_token, mail, mail_link, event_log,
           event_log_floor, notification, audit_entry, request_origin, privacy_request, replay, dead_letter_watch,
           and what the dashboard counts: figure, item_replica, batch_replica, window_replica, delivery_replica.
Publishes  gateway.organization.changed, gateway.user.changed / erased.
Consumes   every event, for live clients, tracing, audit, notifications and figures.
Promises   One address for every service; a token that is revoked stops working within 2 s; one service that is down
           takes nobody else with it. A live client hears of each event once and of nothing that is not his; an audit
           entry is never changed.
"""
