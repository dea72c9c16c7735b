"""Every metric of every process, named once, with its unit. Read at ``/metrics`` on the process's loopback port."""

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# out
OUTBOX_WAITING = Gauge("offcut_outbox_waiting", "Events without a number yet")
OUTBOX_OLDEST_SECONDS = Gauge("offcut_outbox_oldest_seconds", "Age of the oldest event without a number")
RELAY_LEADER = Gauge("offcut_relay_leader", "1 while this process sends")
RELAY_BEHIND = Gauge("offcut_relay_behind", "Numbered events not in Redis yet: grows while Redis is away or full")
EVENTS_NUMBERED = Counter("offcut_events_numbered_total", "Events that got their number")
EVENTS_SENT = Counter("offcut_events_sent_total", "Entries written to the stream, those sent again included")
REFILLS_ANSWERED = Counter("offcut_refills_answered_total", "Requests to send again", ["subscriber"])
WIRE_FAILURES = Counter("offcut_wire_failures_total", "Failed conversations with Redis", ["part"])
BEHIND_RETENTION = Gauge("offcut_subscriber_behind_retention", "1: it still needs what is old enough to go", ["group"])

# in
READER_ACTIVE = Gauge("offcut_reader_active", "1 while this process reads the stream", ["stream"])
EVENTS_APPLIED = Counter("offcut_events_applied_total", "Events whose effect is committed", ["stream"])
EVENTS_DROPPED = Counter(
    "offcut_events_dropped_total", "Entries not needed: duplicate, early, stale, unreadable", ["stream", "why"]
)
BATCHES_FAILED = Counter("offcut_batches_failed_total", "Batches rolled back and redone one by one", ["stream"])
APPLY_SECONDS = Histogram("offcut_apply_seconds", "From the first statement of a batch to its commit", ["stream"])
EFFECT_SECONDS = Histogram(
    "offcut_effect_seconds",
    "From the event to its effect in this service, newest event of each batch",
    ["stream"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600),
)
LAG = Gauge("offcut_lag_events", "Head of the stream minus what is applied", ["stream"])
REFILLS_REQUESTED = Counter("offcut_refills_requested_total", "Times we asked for what is missing", ["stream"])
SUBSCRIPTION_STOPPED = Gauge("offcut_subscription_stopped", "1: waits for an operator, see the runbook", ["stream"])
PARKED = Gauge("offcut_parked", "Events that wait for another try, or behind one")
DEAD_LETTERS = Gauge("offcut_dead_letters", "Events given up and not yet looked at")
EVENTS_PARKED = Counter("offcut_events_parked_total", "Events set aside for another try", ["stream"])
EVENTS_DIED = Counter("offcut_events_died_total", "Events given up", ["stream"])

# mail
MAILBOX_SILENT_SECONDS = Gauge("offcut_mailbox_silent_seconds", "Since the last poll that succeeded", ["mailbox"])

# lists
PARTS_SENT_AGAIN = Counter("offcut_parts_sent_again_total", "Parts of lists that nobody answered in ten minutes")

# passwords
PASSWORD_HASHES = Counter("offcut_password_hashes_total", "Argon2id hashes computed")
IMPORTED_ITERATIONS = Counter("offcut_password_imported_iterations_total", "PBKDF2 iterations computed")

# live clients
LIVE_STREAMS = Gauge("offcut_live_streams", "Live streams that are open")
LIVE_STREAMS_ENDED = Counter("offcut_live_streams_ended_total", "Live streams by why they ended", ["why"])

# jobs
JOB_RUNS = Counter("offcut_job_runs_total", "Runs of timed jobs", ["job", "outcome"])
JOB_SECONDS = Histogram("offcut_job_seconds", "How long a run took", ["job"])
JOB_LATE_SECONDS = Gauge("offcut_job_late_seconds", "How long its oldest deadline has passed", ["job"])
JOB_DONE = Counter("offcut_job_done_total", "Things the job did", ["job"])


def exposition() -> bytes:
    """All metrics of this process as Prometheus text."""
    return generate_latest(REGISTRY)
