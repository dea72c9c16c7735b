"""newsletter: who is told what, and whether it arrived.

Owns       preference, schedule, on_match_due, issue, issue_item, delivery, tracking_link, engagement, suppression, and
           the mails that answer a mill's list or tell both sides of a window; keeps organization_replica,
           user_replica, rule_replica, item_replica, requirement_replica, match_replica, interest_replica,
           window_replica, rate_replica.
Publishes  newsletter.preference.changed, newsletter.issue.sent, newsletter.deliveries.progressed,
           newsletter.suppression.changed.
Consumes   gateway.organization.changed, gateway.user.changed / erased, ingestion.batch.status_changed,
           ingestion.datasheet.failed, ingestion.rates.changed, catalog.items.listed / changed / unlisted,
           catalog.item.reserved / released, catalog.visibility.changed, matching.requirement.changed,
           matching.matches.found / closed, matching.run.completed, exclusivity.interest.registered / closed,
           exclusivity.window.granted / closed / expiring_soon / extension_requested / extended,
           exclusivity.item.opened.
Promises   An issue holds only lots its reader may see, checked again when it is sent; one mail per person and purpose.
           The one exception is a crash between the mail server's yes and our commit: then it is sent again under the
           same Message-ID. A link in a mail leads only where we stored it; reading a page never unsubscribes anybody.
"""
