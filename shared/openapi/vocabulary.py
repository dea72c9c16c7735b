"""What members of requests and answers are called, with a value as the trade has it; for examples only.

Several values: the first that fits the schema is taken, because one name may mean a text here and a number there.
"""

from collections.abc import Mapping

_ITEM = "0193f2c4-1a10-7c4e-8b51-3d0c9f7a2e11"
_MILL = "0193f0aa-52b3-7e08-9c1d-6a4be0d5f301"
_BUYER = "0193f0aa-9d41-7b6c-a2f7-0e5c1d8b4402"
_USER = "0193f0ab-07e5-7d19-8e63-b15f2c9a7703"
_BATCH = "0193f2c3-e8f0-7a2b-9d34-5c7e1f0b6a04"
_ROW = "0193f2c3-f1c2-7f55-b8a6-2e9d4c0f1b05"
_NOW = "2026-03-02T14:05:00.000Z"
_SOON = "2026-03-04T14:05:00.000Z"
_BEFORE = "2026-03-02T13:58:21.412Z"

_IDS: Mapping[str, str] = {
    "item_id": _ITEM, "mill_id": _MILL, "buyer_id": _BUYER, "user_id": _USER, "person_id": _USER,
    "organization_id": _BUYER, "batch_id": _BATCH, "row_id": _ROW,
    "match_id": "0193f2c4-2b31-7a90-8f0e-71c5d3b6a906", "requirement_id": "0193f1b7-40de-7c12-95ab-8d2f6e1c3007",
    "run_id": "0193f2c4-2a05-7b47-a1c8-4f0d9e6b2c08", "interest_id": "0193f2c5-7e12-7d83-b9f4-1c6a0e5d8b09",
    "window_id": "0193f2c5-7e13-7a64-8c2d-9b3f7e0a1d10", "issue_id": "0193f2c8-0c77-7e21-9a5b-6d4e1f8c0b12",
    "delivery_id": "0193f2c8-0d02-7f38-b6e9-2a7c5d0f4e13", "suppression_id": "0193f1f0-3b6a-7c95-8d17-e0f4a2b9c614",
    "message_id": "0193f2c3-e7a1-7d4c-b352-8f6e0a1c9d15", "mailbox_id": "0193f0a9-11cd-7b80-9e46-c5d2f7a3b016",
    "token_id": "0193f1ee-84b9-7a57-a03c-1d9e6f2b5c17", "dead_letter_id": "0193f2c6-5a3f-7e94-8b7d-f0c1e2a4d618",
    "event_id": "0193f2c6-59f0-7c26-9f18-a3b5d7e0c419",
}  # fmt: skip
_TIMES: Mapping[str, str] = {
    "created_at": _BEFORE, "updated_at": _NOW, "changed_at": _NOW, "received_at": _BEFORE, "granted_at": _NOW,
    "expires_at": _SOON, "server_time": _NOW, "at": _NOW, "scheduled_for": _NOW, "sent_at": _NOW,
    "completed_at": _NOW, "decided_at": _NOW, "delivered_at": _NOW, "next_send_at": _SOON, "last_used_at": _NOW,
    "polled_at": _NOW, "succeeded_at": _NOW, "started_at": _BEFORE, "occurred_at": _BEFORE, "died_at": _NOW,
    "not_needed_after": _SOON, "since": _BEFORE, "listed_at": _NOW, "reserved_until": _SOON, "read_at": _NOW,
}  # fmt: skip
_PEOPLE: Mapping[str, object] = {
    "email": "purchasing@ostwelle.example", "name": "Jana Ost", "phone": "+43 1 555 0142", "country": "AT",
    "language": "de-AT", "time_zone": "Europe/Vienna", "currency": "EUR", "segment": "corrugator", "kind": "buyer",
    "slug": "ostwelle", "role": "buyer_user", "org_role": "owner", "permissions": ["requirements:write",
    "windows:write"],
    "password": "correct horse battery staple", "current_password": "correct horse battery staple",
    "new_password": "a sentence of my own choosing",
    "access_token": "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.e30.c2ln",
    "refresh_token": "q3Jw0nXyZ5kV8cT1rB7dLm2HsP9uAe6GfKiYoWxN4tE", "expires_in_seconds": [900, 172800],
    "token": "q3Jw0nXyZ5kV8cT1rB7dLm2HsP9uAe6GfKiYoWxN4tE",
    "secret": "off_q3Jw0nXyZ5kV8cT1rB7dLm2HsP9uAe6GfKi1a2b3c4d",
    "prefix": "off_q3Jw0nXy", "scopes": ["items:read", "batches:write"], "networks": ["192.0.2.0/24"],
    "sender_addresses": ["lists@ostwelle.example"], "sender_domains": ["ostwelle.example"], "label": "Buyer 1",
    "buyer": "Buyer 1, AT, corrugator", "address": "purchasing@ostwelle.example",
}  # fmt: skip
_LOT: Mapping[str, object] = {
    "grade_code": "TL_2", "grade_codes": ["TL_2"], "grade_raw": "Testliner 2", "form": "reel", "gsm": ["135", 135],
    "width_mm": 2450, "diameter_mm": 1250, "core_mm": 100, "reel_count": 9, "weight_net_kg": ["24600", 24600],
    "weight_band": "10_to_25t", "quality_class": "A", "quality_floor": "B", "location_country": "DE",
    "location_place": "Nordhorn", "lot_ref": "K-2041", "lot_key": "ref:k-2041", "price": "412.50",
    "price_per_t": "412.50", "price_unit": "per_t", "incoterm": "FCA", "listing_cycle": 1,
    "remarks": "Dry stored, two reels with edge damage.", "amount": ["450.00", 450], "base": "EUR",
    "per_base": {"USD": "1.0850", "SEK": "11.02"}, "families": ["containerboard"],
    "title": "Testliner for the wide corrugator",
    "certification": ["FSC"], "product_forms": ["reel"], "ship_from_countries": ["DE", "AT"], "min": ["125", 125],
    "max": ["150", 150], "w": 700, "l": 1000,
}  # fmt: skip
_WORK: Mapping[str, object] = {
    "id": "0193f2c4-1a10-7c4e-8b51-3d0c9f7a2e11", "version": 3, "status": ["available", "active", "queued", "sent"],
    "source": "upload", "file": "surplus-march.xlsx", "file_name": "surplus-march.xlsx", "file_bytes": 18432,
    "list_mode": "snapshot", "reason": "Sold to a customer outside the marketplace.", "sheet": "Stock", "row": [7, 2],
    "action": "create", "outcome": "created", "source_values": {"Grade": "Testliner 2", "g/m²": "135",
    "kg": "24.600"},
    "values": {"grade_code": "TL_2", "gsm": "135", "weight_net_kg": "24600"}, "partial": {}, "column": "g/m²",
    "field": "gsm", "raw": "1350", "code": "gsm_out_of_range", "message": "1350 g/m² is more than paper weighs.",
    "severity": "error", "suggestion": "135", "criterion": "gsm", "required": "125–150", "offered": "135",
    "result": "met", "weight": 20, "score": ["92.5", 92.5], "band": "strong", "scope": "all", "origin": "person",
    "position": 1, "entry": "granted", "by": "system", "grant_number": 1, "max_grants": 3, "extensions_left": 1,
    "extensions_used": 0, "cadence": "daily", "period_key": "2026-03-02", "subject": "3 new lots for you",
    "html": "<!doctype html><title>3 new lots</title>", "text": "3 new lots for you", "attempts": 1, "my": {},
    "correlation_id": "0193f2c3-e7a1-7d4c-b352-8f6e0a1c9d15", "smtp_status": "250 2.0.0 Ok",
    "sender": "lists@aumuehle.example",
    "size_bytes": 18432, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "host": "imap.example.org", "port": 993, "username": "lists@example.org", "folder": "INBOX",
    "verdict": "relevant",
    "changes": [{"created": 12, "updated": 3}, {"gsm": ["130", "135"]}], "counts": {"create": 12, "update": 3},
    "reading": {"sheets": ["Stock"], "header_row": 4}, "header_fingerprint": "5f1f0e9a7d21", "redacted": [],
    "live_matches": 4,
    "service": "matching", "type": "catalog.items.listed.v1", "stream": "events.catalog", "seq": 4711,
    "applied": 4711,
    "lag": 0, "api": "ok", "worker": "ok", "database": "ok", "redis": "ok", "job": "expire_windows", "troubles": [],
    "error": "MissingColumn: weight", "key": _ITEM, "weekday": 1, "send_time": "07:00:00", "items_max": 50,
    "row_number": 7,
    "dated": "2026-03-02", "list_date": "2026-03-02", "available_from": "2026-03-10", "valid_until": "2026-06-30",
    "expires_on": "2026-04-30", "limit": 50, "sort": "-listed_at", "q": "testliner",
    "cursor": "kq3Jw0nXyZ5kV8cT1WyIyMDI2LTAzLTAyIl0", "item_ids": [_ITEM], "batch_ids": [_BATCH],
}  # fmt: skip

# Where a member's own model says more than its name.
_OF_ONE: Mapping[str, Mapping[str, object]] = {
    "BatchSummary BatchDetail": {
        "id": _BATCH, "status": "review_required", "message_id": None, "problems": [], "changes": {},
        "reasons": ["2 rows are not valid; fix or exclude them, or commit without them."],
    },
    "BatchCounts": {"total": 17, "valid": 14, "warning": 1, "invalid": 2, "applied": 0, "rejected": 0},
    "Stage": {"status": "parsed"},
    "RowView": {"id": _ROW, "status": "valid", "problems": [], "defaulted": [], "changed": [],
    "outcome_reason": None},
    "RowVerdict": {"status": "valid", "problems": [], "detail": None},
    "MessageView": {"id": _IDS["message_id"], "status": "batch", "reason": None, "subject": "Stock list, week 10"},
    "AttachmentView": {"name": "surplus-march.xlsx", "kind": "xlsx"},
    "MailboxView MailboxIn": {"id": _IDS["mailbox_id"], "name": "Lists", "status": "active", "version": 1},
    "MatchView": {"id": _IDS["match_id"], "closed_reason": None, "buyer": None},
    "RunView": {
        "id": _IDS["run_id"], "status": "completed", "items": 12, "requirements": 340, "found": 31, "closed": 2,
    },
    "RequirementView": {"id": _IDS["requirement_id"], "status": "active"},
    "Interest": {"id": _IDS["interest_id"], "status": "granted", "close_reason": None, "buyer": None},
    "Window WindowDetail": {
        "id": _IDS["window_id"], "outcome": None, "reason": None, "ended_at": None, "expires_in_seconds": 172800,
    },
    "TimelineEntry": {"reason": None},
    "Counterparty": {"id": _MILL, "name": "Papierfabrik Aumühle"},
    "Contact": {"name": "Jana Ost", "email": "purchasing@ostwelle.example"},
    "IssueAnswer": {"id": _IDS["issue_id"], "reason": None},
    "IssueCounts": {"delivered": 1, "opened": 1, "clicked": 0},
    "DeliveryAnswer": {
        "id": _IDS["delivery_id"], "kind": "issue", "status": "delivered", "reason": None, "bounced_at": None,
        "message_id": "<0193f2c8-0d02-7f38-b6e9-2a7c5d0f4e13@offcut.example>", "opened_at": None, "clicked_at": None,
        "next_attempt_at": None,
    },
    "SuppressionAnswer": {"id": _IDS["suppression_id"], "reason": "bounced", "source": "dsn"},
    "ApiToken NewApiToken ApiTokenWish": {"id": _IDS["token_id"], "name": "Stock upload from our ERP"},
    "Organization OrganizationRef OrganizationPatch Registration": {
        "id": _BUYER, "name": "Ostwelle Verpackung", "status": "approved",
    },
    "OrganizationStatusChange": {"status": "approved", "reason": "Papers checked by telephone."},
    "User Me": {"id": _USER, "status": "active"},
    "DeadLetter": {"id": _IDS["dead_letter_id"], "meta": "{}", "body": "{}", "attempts": 8},
    "ServiceHealth": {"outbox_waiting": 0, "outbox_oldest_seconds": 0.0, "parked": 0, "dead": 0, "version": "1.0.0"},
    "Grade": {"code": "TL_2", "family": "containerboard", "meaning": "Testliner 2"},
    "ReferenceData": {
        "families": {"containerboard": "Liner and fluting for corrugated board"}, "units": {"width_mm": "mm"},
        "quality_classes": {"A": "Within specification, sold as stock and without claims"}, "countries": ["AT", "DE"],
        "defects": {"EDGE_DAMAGE": "Damaged edges"}, "surplus_reasons": {"OVERRUN": "More was made than ordered"},
        "weight_bands": ["10_to_25t"], "currencies": ["EUR"], "incoterms": ["FCA"], "forms": ["reel"],
        "grains": ["long"], "certifications": ["FSC"], "price_units": ["per_t"], "item_statuses": ["available"],
    },
    "SheetOut": {"file": "/mvp/api/datasheets/0193f2c4-7b3e-7a11-9c52-e4d0f6a8b120/file", "file_name": "liner-b.pdf"},
    "SheetValueOut": {"property": "bursting_strength", "gsm": "135", "value": "350", "unit": "kPa"},
    "StreamHealth": {"stopped": None},
    "MillOut": {"id": _MILL, "name": "Papierfabrik Aumühle", "slug": "aumuehle"},
    "HolderOut": {"id": _BUYER, "name": "Ostwelle Verpackung"},
    "Exclusivity": {"grants_used": 1, "max_grants": 3, "open": False},
    "MyMatch": {"id": _IDS["match_id"]},
    "MyInterest": {"id": _IDS["interest_id"]},
    "MyWindow": {"id": _IDS["window_id"]},
    "ItemOut ItemDetail": {
        "id": _ITEM, "status": "reserved", "product_name": "Aumühle Liner B", "header_fingerprint": None,
    },
    "RulesOut": {
        "blocked_buyers": [], "allowed_countries": ["AT", "DE"], "blocked_countries": [], "price": "matched",
        "allowed_segments": ["corrugator"], "buyers_affected": None,
    },
    "Health": {"status": "ok"},
    "LotPreview": {"changes": {"gsm": ["130", "135"]}, "action": "update"},
}  # fmt: skip
_OWN = {
    f"{model}.{name}": word
    for models, words in _OF_ONE.items()
    for model in models.split()
    for name, word in words.items()
}

WORDS: Mapping[str, object] = {**_IDS, **_TIMES, **_PEOPLE, **_LOT, **_WORK, **_OWN}
