"""newsletter: who is told what, and whether it arrived.

Owns preferences, schedules, issues, deliveries, tracking links, suppressions, and the mails that answer a mill's list
or tell both sides of a window. Keeps replicas of users, organisations, rules, items, requirements and matches.

Publishes ``newsletter.preference.changed``, ``newsletter.issue.sent``, ``newsletter.deliveries.progressed`` and
``newsletter.suppression.changed``. Consumes what the other services say about the above (bottom of ``handlers.py``).

Promises: an issue holds only lots its reader may see, checked again when it is sent; one mail per person and purpose.
The one exception is a crash between the mail server's yes and our commit: then it is sent again under the same
Message-ID. A link in a mail leads only where we stored it; reading a page never unsubscribes anybody.
"""
