"""Every table. Moments are Unix seconds (float); identifiers are ours or opaque.

What quotes an account or a person (`evidence.payload`, `decided_evidence.payload`, `notes.text`,
`appeals.words`, `actions.payload`, `held_copies`) is erased by itself, so that the decision, the hashes and
the audit stay whole. Migrations in ``desk/database/migrations`` make these tables; a test holds the two to
each other.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
    true,
)

from desk.database.filters import SLUG_CHARS

ALERT_ID_CHARS: Final = 128  # schemas.fields.Opaque
ACCOUNT_KEY_CHARS: Final = 32 + 1 + 256  # platform, colon, account id
USER_ID_CHARS: Final = 32  # 16 random bytes in hexadecimal
SIGNALS_CHARS: Final = 512  # all names of signals take 160
DIGEST_CHARS: Final = 64  # SHA-256 in hexadecimal
AUTHORITY_CHARS: Final = 128  # of its name, and of its reference
LEGAL_BASIS_CHARS: Final = 256
FOLDED_CHARS: Final = 64  # of a name or handle that is looked for by its beginning

# SQLite counts up an INTEGER PRIMARY KEY by itself; PostgreSQL's INTEGER ends at two thousand million.
_Serial = BigInteger().with_variant(Integer(), "sqlite")


def in_byte_order(chars: int) -> String:
    """Text whose index is ordered by code point on both databases, so that a prefix is a range."""
    made: String = String(chars).with_variant(String(chars, collation="C"), "postgresql")
    return made


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", String(ALERT_ID_CHARS), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("status", String(16), nullable=False),  # open or withdrawn, as the worker said last
    Column("withdrawn_reason", String(SLUG_CHARS)),
    Column("account", String(ACCOUNT_KEY_CHARS), nullable=False),
    Column("banned", String(ACCOUNT_KEY_CHARS), nullable=False),
    Column("root", String(ACCOUNT_KEY_CHARS), nullable=False),  # the family: the first account banned
    Column("generation", Integer, nullable=False),
    Column("platform", String(32), nullable=False),
    Column("band", String(16), nullable=False),
    Column("direction", String(16), nullable=False),
    Column("policy", String(SLUG_CHARS)),
    Column("basis", String(SLUG_CHARS)),
    Column("queue", String(SLUG_CHARS)),
    Column("language", String(16)),
    Column("probability", Float, nullable=False),
    Column("weights_version", String(SLUG_CHARS), nullable=False),
    Column("detected_at", Float, nullable=False),
    Column("sampled", Float),  # the probability with which it was drawn; null for what was alerted
    Column("stratum", Integer),  # of a pair that was drawn: how far below the bands
    Column("script", String(16)),  # of the new account's names; kept, since what they were is erased
    Column("signals", String(SIGNALS_CHARS)),  # that speak for a mirror, with spaces between them
    Column("seconds_to_detect", Float),
    Column("arrived_at", Float, nullable=False),
    Index("ix_alerts_account", "account"),
    Index("ix_alerts_banned", "banned"),
    Index("ix_alerts_root", "root"),
    Index("ix_alerts_detected_at", "detected_at"),
    # What the queue can be narrowed by is looked up with every page of it, value by value.
    Index("ix_alerts_policy", "policy"),
    Index("ix_alerts_platform", "platform"),
    Index("ix_alerts_basis", "basis"),
    Index("ix_alerts_language", "language"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("alert_id", String(ALERT_ID_CHARS), ForeignKey("alerts.alert_id"), primary_key=True),
    Column("payload", LargeBinary, nullable=False),  # the alert as the worker wrote it: JSON
    Column("erased_at", Float),
    Column("erased_reason", String(SLUG_CHARS)),
    Index("ix_evidence_erased_at", "erased_at"),
)

# The evidence as it was when somebody decided; the row above is overwritten by each revision.
decided_evidence = Table(
    "decided_evidence",
    metadata,
    Column("alert_id", String(ALERT_ID_CHARS), ForeignKey("alerts.alert_id"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),  # that verdicts name
    Column("payload", LargeBinary, nullable=False),
    Column("kept_at", Float, nullable=False),
    Column("erased_at", Float),
    Column("erased_reason", String(SLUG_CHARS)),
)

# What alerts and accounts are found by (desk.database.finding): names and handles, erased with the quotes,
# and ids, which stay.
findable = Table(
    "findable",
    metadata,
    Column("alert_id", String(ALERT_ID_CHARS), ForeignKey("alerts.alert_id"), primary_key=True),
    Column("side", String(8), primary_key=True),  # account, banned, or "" of the alert itself
    Column("kind", String(8), primary_key=True),  # alert, id, handle or name
    Column("folded", in_byte_order(FOLDED_CHARS), primary_key=True),
    Column("account", in_byte_order(ACCOUNT_KEY_CHARS), nullable=False),
    # The identifier goes along, so that a search reads the index alone.
    Index("ix_findable_kind", "kind", "folded", "account", "alert_id"),
)

_APPEALS = text("kind = 'appeal'")
reads = Table(
    "reads",
    metadata,
    Column("read_id", _Serial, primary_key=True),
    Column("alert_id", String(ALERT_ID_CHARS), ForeignKey("alerts.alert_id"), nullable=False),
    Column("kind", String(16), nullable=False),  # first, second, dispute or appeal
    Column("blind", Boolean, nullable=False),
    Column("state", String(16), nullable=False),  # open, done or gone
    Column("gone_reason", String(SLUG_CHARS)),
    Column("rank", Integer, nullable=False),  # the smaller, the sooner
    Column("waits_since", Float, nullable=False),
    Column("opened_at", Float, nullable=False),
    Column("closed_at", Float),
    Column("verdict_id", String(ALERT_ID_CHARS)),
    Column("claimed_by", String(USER_ID_CHARS)),
    Column("claimed_until", Float),
    # The queue is read in this order; the identifier makes it one order.
    Index("ix_reads_queue", "state", "rank", "waits_since", "read_id"),
    # Or, where a reader chose so, in that of its age.
    Index("ix_reads_age", "state", "waits_since", "read_id"),
    Index("ix_reads_alert_id", "alert_id"),
    Index("ix_reads_claimed_by", "claimed_by"),
    # Few among many, which every page of the queue looks up.
    Index(
        "ix_reads_appeals",
        "kind",
        "state",
        "alert_id",
        "read_id",
        sqlite_where=_APPEALS,
        postgresql_where=_APPEALS,
    ),
    sqlite_autoincrement=True,
)

skips = Table(
    "skips",
    metadata,
    Column("read_id", BigInteger, ForeignKey("reads.read_id"), primary_key=True),
    Column("user_id", String(USER_ID_CHARS), primary_key=True),
    Column("until", Float, nullable=False),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("verdict_id", String(ALERT_ID_CHARS), primary_key=True),
    # No foreign key: a verdict may come before the alert that it is about, from another topic.
    Column("alert_id", String(ALERT_ID_CHARS), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("reason_code", String(SLUG_CHARS), nullable=False),
    Column("policy", String(SLUG_CHARS)),
    Column("reviewer", String(ALERT_ID_CHARS), nullable=False),
    Column("decided_at", Float, nullable=False),
    Column("blind", Boolean, nullable=False),
    Column("kind", String(16), nullable=False),  # of the read, take-back, restored, elsewhere or ban
    Column("read_id", BigInteger),
    Column("batch", String(USER_ID_CHARS)),  # the same for what was decided by one key
    Column("undone_at", Float),
    Column("independent", Boolean),  # whether no other's verdict can have been known; null: nobody noted it
    Index("ix_verdicts_alert_id", "alert_id", "decided_at"),
    Index("ix_verdicts_reviewer", "reviewer", "decided_at"),
    Index("ix_verdicts_decided_at", "decided_at"),
    Index("ix_verdicts_batch", "batch"),
)

notes = Table(
    "notes",
    metadata,
    Column("note_id", _Serial, primary_key=True),
    Column("alert_id", String(ALERT_ID_CHARS), ForeignKey("alerts.alert_id"), nullable=False),
    Column("user_id", String(USER_ID_CHARS), nullable=False),
    Column("written_at", Float, nullable=False),
    Column("text", Text, nullable=False),
    Column("erased_at", Float),
    Column("erased_reason", String(SLUG_CHARS)),
    Index("ix_notes_alert_id", "alert_id"),
    Index("ix_notes_erased_at", "erased_at", "written_at"),
    sqlite_autoincrement=True,
)

# What holders of accounts contest, each beside the read that decides it. The read's verdict may be undone;
# what came of the appeal is published once it cannot be any more.
appeals = Table(
    "appeals",
    metadata,
    Column("appeal_id", String(ALERT_ID_CHARS), primary_key=True),  # the platform's own
    Column("alert_id", String(ALERT_ID_CHARS), ForeignKey("alerts.alert_id"), nullable=False),
    Column("read_id", BigInteger, ForeignKey("reads.read_id"), nullable=False),
    Column("against", String(ALERT_ID_CHARS), nullable=False),  # the verdict that held as it arrived
    Column("digest", String(DIGEST_CHARS), nullable=False),  # keyed, of what arrived: knows a repeat
    Column("received_at", Float, nullable=False),
    Column("words", Text, nullable=False),  # of the holder
    Column("erased_at", Float),
    Column("erased_reason", String(SLUG_CHARS)),
    Column("outcome", String(16)),  # null while it is open
    Column("reason_code", String(SLUG_CHARS)),
    Column("decided_at", Float),
    Column("verdict_id", String(ALERT_ID_CHARS)),  # that decided it; null of one that lapsed
    Column("sent_at", Float),
    Index("ix_appeals_alert_id", "alert_id"),
    Index("ix_appeals_read_id", "read_id"),
    Index("ix_appeals_sent_at", "sent_at", "decided_at"),
)

# What platforms did about accounts. No foreign key: an action may come before the alert that it names, and
# most name accounts of which no alert ever speaks.
actions = Table(
    "actions",
    metadata,
    Column("account", String(ACCOUNT_KEY_CHARS), primary_key=True),
    Column("event_id", String(128), primary_key=True),  # of one platform: another's may be the same
    Column("occurred_at", Float, nullable=False),  # the latest of an id holds
    Column("action", String(16), nullable=False),
    Column("at", Float, nullable=False),  # when it took effect
    Column("until", Float),
    Column("alert_id", String(ALERT_ID_CHARS)),
    Column("payload", LargeBinary, nullable=False),  # the record: JSON
    Column("arrived_at", Float, nullable=False),
    Column("erased_at", Float),
    Column("erased_reason", String(SLUG_CHARS)),
    Index("ix_actions_erased_at", "erased_at", "arrived_at"),
    Index("ix_actions_at", "action", "at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("outbox_id", _Serial, primary_key=True),
    Column("verdict_id", String(ALERT_ID_CHARS), nullable=False, unique=True),
    Column("key", LargeBinary, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("not_before", Float, nullable=False),
    Column("taken_at", Float),  # from here on it cannot be undone, only taken back
    Column("sent_at", Float),
    Index("ix_outbox_sent_at", "sent_at", "not_before"),
    sqlite_autoincrement=True,
)

offsets = Table(
    "offsets",
    metadata,
    Column("topic", String(249), primary_key=True),  # Kafka's limit
    Column("partition", Integer, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("topic_id", String(36)),  # a UUID; null where the broker gives none, or did not yet
)

users = Table(
    "users",
    metadata,
    Column("user_id", String(USER_ID_CHARS), primary_key=True),
    Column("name", String(128), nullable=False, unique=True),
    Column("initials", String(8), nullable=False),
    Column("role", String(16), nullable=False),
    Column("password", String(256)),
    Column("subject", String(512), unique=True),  # digest of issuer and subject, of who signs in by OIDC
    Column("disabled_at", Float),
    Column("all_policies", Boolean, nullable=False, server_default=true()),  # else those of reader_policies
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(DIGEST_CHARS), primary_key=True),
    Column("user_id", String(USER_ID_CHARS), ForeignKey("users.user_id"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("began_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
    Column("ends_at", Float, nullable=False),
    Index("ix_sessions_user_id", "user_id"),
    Index("ix_sessions_ends_at", "ends_at"),
)

links = Table(
    "links",
    metadata,
    Column("digest", String(DIGEST_CHARS), primary_key=True),
    Column("user_id", String(USER_ID_CHARS), ForeignKey("users.user_id"), nullable=False),
    Column("ends_at", Float, nullable=False),
    Column("used_at", Float),
)

exposures = Table(
    "exposures",
    metadata,
    Column("user_id", String(USER_ID_CHARS), ForeignKey("users.user_id"), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),  # since 1970, in UTC
    Column("opened", Integer, nullable=False),  # alerts that somebody opened
    Column("uncovered", Integer, nullable=False),  # of those, whose blurred words they looked at
    Index("ix_exposures_day", "day"),
)

# The policies that a person reads who does not read all of them. "": bans without a policy.
reader_policies = Table(
    "reader_policies",
    metadata,
    Column("user_id", String(USER_ID_CHARS), ForeignKey("users.user_id"), primary_key=True),
    Column("policy", String(SLUG_CHARS), primary_key=True),
)

audit = Table(
    "audit",
    metadata,
    # Given by us and without gaps: a missing number is a missing line.
    Column("number", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False),
    Column("actor", String(ALERT_ID_CHARS), nullable=False),
    Column("action", String(SLUG_CHARS), nullable=False),
    Column("subject", String(ACCOUNT_KEY_CHARS), nullable=False),
    Column("detail", Text, nullable=False),  # JSON: identifiers, codes and digests only
    Column("hash", String(DIGEST_CHARS), nullable=False),
    Index("ix_audit_subject", "subject"),
    Index("ix_audit_at", "at"),
)

heads = Table(
    "heads",
    metadata,
    Column("number", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False),
    Column("hash", String(DIGEST_CHARS), nullable=False),
)

# What the topic of alerts said last of each ban of which pairs are withheld. It quotes nobody.
summaries = Table(
    "summaries",
    metadata,
    Column("alert_id", String(ALERT_ID_CHARS), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("status", String(16), nullable=False),  # open or withdrawn
    Column("banned", String(ACCOUNT_KEY_CHARS), nullable=False),
    Column("policy", String(SLUG_CHARS)),
    Column("published", Integer, nullable=False),
    Column("withheld_likely", Integer, nullable=False),
    Column("withheld_possible", Integer, nullable=False),
    Column("detected_at", Float, nullable=False),
)

# Waves as the worker wrote them last. The record quotes handles, and goes with the row; verdicts name a wave
# as they name an alert.
waves = Table(
    "waves",
    metadata,
    Column("wave_id", String(ALERT_ID_CHARS), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("status", String(16), nullable=False),  # open or withdrawn
    Column("withdrawn_reason", String(SLUG_CHARS)),
    Column("began_at", Float, nullable=False),
    Column("members", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),  # JSON
    Column("arrived_at", Float, nullable=False),  # of the last revision
    Index("ix_waves_began_at", "began_at", "wave_id"),
)

# In which waves an account is.
wave_members = Table(
    "wave_members",
    metadata,
    Column("wave_id", String(ALERT_ID_CHARS), ForeignKey("waves.wave_id"), primary_key=True),
    Column("account", String(ACCOUNT_KEY_CHARS), primary_key=True),
    Index("ix_wave_members_account", "account"),
)

# The members of a wave that a verdict on it leaves out; kept as the verdict is.
wave_exceptions = Table(
    "wave_exceptions",
    metadata,
    Column("verdict_id", String(ALERT_ID_CHARS), primary_key=True),
    Column("account", String(ACCOUNT_KEY_CHARS), primary_key=True),
)

# Lawful requests of authorities. Nothing of a request is ever erased: years later it shows what was
# disclosed, and why.
requests = Table(
    "requests",
    metadata,
    Column("request_id", _Serial, primary_key=True),
    Column("authority", String(AUTHORITY_CHARS), nullable=False),
    Column("reference", String(AUTHORITY_CHARS), nullable=False),  # the authority's own
    Column("legal_basis", String(LEGAL_BASIS_CHARS), nullable=False),
    Column("jurisdiction", String(3), nullable=False),  # ISO 3166-1 alpha-2, or EU
    Column("kind", String(SLUG_CHARS), nullable=False),  # from which the deadline follows
    Column("received_at", Float, nullable=False),
    Column("deadline", Float, nullable=False),
    Column("entered_at", Float, nullable=False),
    Column("entered_by", String(USER_ID_CHARS), nullable=False),
    Column("state", String(16), nullable=False),  # entered, approved, refused, disclosed or withdrawn
    Column("approved_at", Float),
    Column("approved_by", String(USER_ID_CHARS)),
    Column("closed_at", Float),  # refused, disclosed or withdrawn
    Column("closed_by", String(USER_ID_CHARS)),
    Column("reason_code", String(SLUG_CHARS)),  # of a refusal
    Column("hold_until", Float, nullable=False),
    Column("hold_ended_at", Float),
    Column("hold_ended_by", String(USER_ID_CHARS)),  # null: its date had come
    Column("hold_ended_reason", String(SLUG_CHARS)),
    CheckConstraint("approved_by <> entered_by", name="two_people"),
    Index("ix_requests_hold_until", "hold_ended_at", "hold_until"),
    Index("ix_requests_closed_at", "closed_at", "deadline"),
    Index("ix_requests_received_at", "received_at"),
    Index("ix_requests_reference", "reference"),
    sqlite_autoincrement=True,
)

request_accounts = Table(
    "request_accounts",
    metadata,
    Column("request_id", BigInteger, ForeignKey("requests.request_id"), primary_key=True),
    Column("account", String(ACCOUNT_KEY_CHARS), primary_key=True),
    Column("copies", Integer, nullable=False),  # that the hold took as it began
    Index("ix_request_accounts_account", "account"),
)

request_files = Table(
    "request_files",
    metadata,
    Column("request_id", BigInteger, ForeignKey("requests.request_id"), primary_key=True),
    Column("digest", String(DIGEST_CHARS), primary_key=True),  # SHA-256 of the file's bytes
    Column("alert_id", String(ALERT_ID_CHARS), ForeignKey("alerts.alert_id"), nullable=False),
    Column("account", String(ACCOUNT_KEY_CHARS), nullable=False),
    Column("made_at", Float, nullable=False),
    Column("made_by", String(USER_ID_CHARS), nullable=False),
    Column("handed_over_at", Float),  # by a person, elsewhere
    Column("handed_over_by", String(USER_ID_CHARS)),
)

# Copies for as long as a hold lasts, of what stood when it began.
held_copies = Table(
    "held_copies",
    metadata,
    Column("request_id", BigInteger, ForeignKey("requests.request_id"), primary_key=True),
    Column("alert_id", String(ALERT_ID_CHARS), ForeignKey("alerts.alert_id"), primary_key=True),
    Column("kind", String(16), primary_key=True),  # evidence, decided, note or appeal
    Column("key", String(ALERT_ID_CHARS), primary_key=True),  # of several of a kind: which
    Column("revision", Integer),  # of evidence
    Column("written_at", Float),  # of words
    Column("payload", LargeBinary),
    Column("words", Text),
    Column("erased_at", Float),  # the original
    Column("erased_reason", String(SLUG_CHARS)),
    Index("ix_held_copies_alert_id", "alert_id"),
)

# Keys of the desk by name, and the version of the rules that folded the search terms.
secrets = Table(
    "secrets",
    metadata,
    Column("name", String(SLUG_CHARS), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
