"""Every table. Moments are Unix seconds (float); identifiers are ours or opaque.

What quotes an account or a person (`evidence.payload`, `decided_evidence.payload`, `notes.text`,
`appeals.words`, `actions.payload`, `held_copies`) is erased by itself, so that the decision, the hashes and
the audit stay whole. Migrations in ``desk/database/migrations`` make these tables; a test holds the two to
each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

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


AlertId = Annotated[str, String(ALERT_ID_CHARS)]
AccountKey = Annotated[str, String(ACCOUNT_KEY_CHARS)]
Slug = Annotated[str, String(SLUG_CHARS)]
UserId = Annotated[str, String(USER_ID_CHARS)]
Digest = Annotated[str, String(DIGEST_CHARS)]
Word = Annotated[str, String(16)]
Words = Annotated[str, Text()]
Number = Annotated[int, BigInteger()]
Serial = Annotated[int, _Serial]
_PLAIN: Final[dict[Any, type[TypeEngine[Any]]]] = {
    bool: Boolean,
    bytes: LargeBinary,
    float: Float,
    int: Integer,
}


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _table(name: str, row: type, *more: SchemaItem, keys: int = 1, **options: Any) -> Table:
    """Returns the table of a row: each field is a column, unless one of `more` stands for it, and the first
    `keys` of them are the primary key."""
    given = {item.name for item in more if isinstance(item, Column)}
    columns = [
        _column(field, hint, key=place < keys)
        for place, (field, hint) in enumerate(get_type_hints(row, include_extras=True).items())
        if field not in given
    ]
    return Table(name, metadata, *columns, *more, **options)


def _column(name: str, hint: Any, *, key: bool) -> Column[Any]:
    nullable = NoneType in get_args(hint)
    shape = get_args(hint)[0] if nullable else hint
    kind = shape.__metadata__[0] if get_origin(shape) is Annotated else _PLAIN[shape]
    return Column(name, kind, primary_key=key, nullable=nullable)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """An alert, as its latest revision on the topic says."""

    alert_id: AlertId
    revision: int
    status: Word  # open or withdrawn, as the worker said last
    withdrawn_reason: Slug | None
    account: AccountKey
    banned: AccountKey
    root: AccountKey  # the family: the first account banned
    generation: int
    platform: Annotated[str, String(32)]
    band: Word
    direction: Word
    policy: Slug | None
    basis: Slug | None
    queue: Slug | None
    language: Word | None
    probability: float
    weights_version: Slug
    detected_at: float
    sampled: float | None  # the probability with which it was drawn; null for what was alerted
    stratum: int | None  # of a pair that was drawn: how far below the bands
    script: Word | None  # of the new account's names; kept, since what they were is erased
    # that speak for a mirror, with spaces between them
    signals: Annotated[str, String(SIGNALS_CHARS)] | None
    seconds_to_detect: float | None
    arrived_at: float


alerts = _table(
    "alerts",
    AlertRow,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """What an alert quotes: its record as JSON, and when and why its quotes were erased."""

    alert_id: AlertId
    payload: bytes  # the alert as the worker wrote it: JSON
    erased_at: float | None
    erased_reason: Slug | None


evidence = _table(
    "evidence",
    EvidenceRow,
    ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"]),
    Index("ix_evidence_erased_at", "erased_at"),
)


# The evidence as it was when somebody decided; the row above is overwritten by each revision.
@dataclass(frozen=True, slots=True)
class DecidedEvidenceRow:
    """A copy of an alert's evidence at `revision`."""

    alert_id: AlertId
    revision: int  # that verdicts name
    payload: bytes
    kept_at: float
    erased_at: float | None
    erased_reason: Slug | None


decided_evidence = _table(
    "decided_evidence", DecidedEvidenceRow, ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"]), keys=2
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


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One turn at an alert: waiting, claimed, decided or gone."""

    read_id: Serial
    alert_id: AlertId
    kind: Word  # first, second, dispute or appeal
    blind: bool
    state: Word  # open, done or gone
    gone_reason: Slug | None
    rank: int  # the smaller, the sooner
    waits_since: float
    opened_at: float
    closed_at: float | None
    verdict_id: AlertId | None
    claimed_by: UserId | None
    claimed_until: float | None


reads = _table(
    "reads",
    ReadRow,
    ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"]),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRow:
    """What a person, or a program elsewhere, decided about an alert."""

    verdict_id: AlertId
    # No foreign key: a verdict may come before the alert that it is about, from another topic.
    alert_id: AlertId
    revision: int
    verdict: Word
    reason_code: Slug
    policy: Slug | None
    reviewer: AlertId
    decided_at: float
    blind: bool
    kind: Word  # of the read, take-back, restored, elsewhere or ban
    read_id: Number | None = None
    batch: UserId | None = None  # the same for what was decided by one key
    undone_at: float | None = None
    independent: bool | None = None  # whether no other's verdict can have been known; null: nobody noted it

    @property
    def may_hold(self) -> bool:
        """True if it holds unless a later one does."""
        return self.undone_at is None


verdicts = _table(
    "verdicts",
    VerdictRow,
    Index("ix_verdicts_alert_id", "alert_id", "reviewer"),
    Index("ix_verdicts_reviewer", "reviewer", "decided_at"),
    Index("ix_verdicts_decided_at", "decided_at"),
    Index("ix_verdicts_batch", "batch"),
)


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note that a reader wrote on an alert."""

    note_id: Serial
    alert_id: AlertId
    user_id: UserId
    written_at: float
    text: Words
    erased_at: float | None
    erased_reason: Slug | None


notes = _table(
    "notes",
    NoteRow,
    ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"]),
    Index("ix_notes_alert_id", "alert_id"),
    Index("ix_notes_erased_at", "erased_at", "written_at"),
    sqlite_autoincrement=True,
)


# What holders of accounts contest, each beside the read that decides it. The read's verdict may be undone;
# what came of the appeal is published once it cannot be any more.
@dataclass(frozen=True, slots=True, kw_only=True)
class AppealRow:
    """An account holder's objection to what the platform did."""

    appeal_id: AlertId  # the platform's own
    alert_id: AlertId
    read_id: Number
    against: AlertId  # the verdict that held as it arrived
    digest: Digest  # keyed digest of the request, by which a repeat is recognised
    received_at: float
    words: Words  # of the holder
    erased_at: float | None = None
    erased_reason: Slug | None = None
    outcome: Word | None = None  # null while it is open
    reason_code: Slug | None = None
    decided_at: float | None = None
    verdict_id: AlertId | None = None  # that decided it; null of one that lapsed
    sent_at: float | None = None


appeals = _table(
    "appeals",
    AppealRow,
    ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"]),
    ForeignKeyConstraint(["read_id"], ["reads.read_id"]),
    Index("ix_appeals_alert_id", "alert_id"),
    Index("ix_appeals_read_id", "read_id"),
    Index("ix_appeals_sent_at", "sent_at", "decided_at"),
)


# What platforms did about accounts. No foreign key: an action may come before the alert that it names, and
# most name accounts of which no alert ever speaks.
@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRow:
    """What the platform did about an account."""

    account: AccountKey
    event_id: Annotated[str, String(128)]  # of one platform: another's may be the same
    occurred_at: float  # the latest of an id holds
    action: Word
    at: float  # when it took effect
    until: float | None
    alert_id: AlertId | None
    payload: bytes  # the record: JSON
    arrived_at: float
    erased_at: float | None = None
    erased_reason: Slug | None = None


actions = _table(
    "actions",
    ActionRow,
    Index("ix_actions_erased_at", "erased_at", "arrived_at"),
    Index("ix_actions_at", "action", "at"),
    keys=2,
)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One verdict on its way."""

    outbox_id: Serial
    verdict_id: AlertId
    key: bytes
    value: bytes
    not_before: float
    taken_at: float | None  # from here on it cannot be undone, only taken back
    sent_at: float | None


outbox = _table(
    "outbox",
    OutboxRow,
    UniqueConstraint("verdict_id"),
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


@dataclass(frozen=True, slots=True)
class UserRow:
    """A person who may sign in, with one role."""

    user_id: UserId
    name: Annotated[str, String(128)]
    initials: Annotated[str, String(8)]
    role: Word
    password: Annotated[str, String(256)] | None
    subject: Annotated[str, String(512)] | None  # digest of the OIDC issuer and subject; None for passwords
    disabled_at: float | None = None
    all_policies: bool = True  # else those of reader_policies


users = _table(
    "users",
    UserRow,
    UniqueConstraint("name"),
    UniqueConstraint("subject"),
    Column("all_policies", Boolean, nullable=False, server_default=true()),
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


@dataclass(frozen=True, slots=True)
class ExposureRow:
    """How many alerts somebody opened, and uncovered the quotes of, on one day."""

    user_id: UserId
    day: int  # since 1970, in UTC
    opened: int  # alerts that somebody opened
    uncovered: int  # of those, whose blurred words they looked at


exposures = _table(
    "exposures",
    ExposureRow,
    ForeignKeyConstraint(["user_id"], ["users.user_id"]),
    Index("ix_exposures_day", "day"),
    keys=2,
)


# The policies that a person reads who does not read all of them. "": bans without a policy.
reader_policies = Table(
    "reader_policies",
    metadata,
    Column("user_id", String(USER_ID_CHARS), ForeignKey("users.user_id"), primary_key=True),
    Column("policy", String(SLUG_CHARS), primary_key=True),
)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A line of the hash-chained audit."""

    number: Serial  # Given by us and without gaps: a missing number is a missing line.
    at: float
    actor: AlertId
    action: Slug
    subject: AccountKey
    detail: Words  # JSON: identifiers, codes and digests only
    hash: Digest


audit = _table("audit", AuditRow, Index("ix_audit_subject", "subject"), Index("ix_audit_at", "at"))


@dataclass(frozen=True, slots=True)
class HeadRow:
    """The number and hash of the last line that was published."""

    number: Serial
    hash: Digest


heads = _table("heads", HeadRow)


# What the topic of alerts said last of each ban of which pairs are withheld. It quotes nobody.
@dataclass(frozen=True, slots=True)
class SummaryRow:
    """The summary of one ban."""

    alert_id: AlertId
    revision: int
    status: Word  # open or withdrawn
    banned: AccountKey
    policy: Slug | None
    published: int
    withheld_likely: int
    withheld_possible: int
    detected_at: float


summaries = _table("summaries", SummaryRow)


# Waves as the worker wrote them last. The record quotes handles, and goes with the row; verdicts name a wave
# as they name an alert.
@dataclass(frozen=True, slots=True, kw_only=True)
class WaveRow:
    """A wave of new accounts, as its latest revision says."""

    wave_id: AlertId
    revision: int
    status: Word  # open or withdrawn
    withdrawn_reason: Slug | None
    began_at: float
    members: int
    payload: bytes  # JSON
    arrived_at: float  # of the last revision


waves = _table("waves", WaveRow, Index("ix_waves_began_at", "began_at", "wave_id"))


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
@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """A lawful request of an authority, and how it was answered."""

    request_id: Serial
    authority: Annotated[str, String(AUTHORITY_CHARS)]
    reference: Annotated[str, String(AUTHORITY_CHARS)]  # the authority's own
    legal_basis: Annotated[str, String(LEGAL_BASIS_CHARS)]
    jurisdiction: Annotated[str, String(3)]  # ISO 3166-1 alpha-2, or EU
    kind: Slug  # from which the deadline follows
    received_at: float
    deadline: float
    entered_at: float
    entered_by: UserId
    state: Word  # entered, approved, refused, disclosed or withdrawn
    approved_at: float | None
    approved_by: UserId | None
    closed_at: float | None  # refused, disclosed or withdrawn
    closed_by: UserId | None
    reason_code: Slug | None  # of a refusal
    hold_until: float
    hold_ended_at: float | None
    hold_ended_by: UserId | None  # null: its date had come
    hold_ended_reason: Slug | None

    @property
    def subject(self) -> str:
        """Names the request in the audit, whose other lines are about alerts, accounts and users."""
        return f"request-{self.request_id}"


requests = _table(
    "requests",
    RequestRow,
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
