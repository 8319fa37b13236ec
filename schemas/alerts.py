"""What samehand says to the people who judge."""

from __future__ import annotations

from math import fsum, isfinite
from typing import Annotated, ClassVar, Final, Literal, get_args

from msgspec import Meta, Struct
from msgspec.structs import replace

from schemas import fields
from schemas.accounts import Basis
from schemas.basis_rights import BasisKind, kind_of
from schemas.keys import OfAccount
from schemas.record import Record
from schemas.unusable import FieldFault

NOTICE: Final = "resemblance, not identity; a person decides"

BALANCE_TOLERANCE: Final = 1e-9
"""Nats by which the weights of an alert may miss its log-odds; floating point alone stays far below."""

Direction = Literal["forward", "lookback", "update", "scan"]
Status = Literal["open", "withdrawn"]
WithdrawnReason = Literal[
    "reinstated",
    "ban-forgotten",
    "ban-expired",
    "account-deleted",
    "account-banned",
    "no-longer-resembles",
    "superseded",
    "verdict",
]
WITHDRAWN_REASONS: Final[tuple[WithdrawnReason, ...]] = get_args(WithdrawnReason)
Band = Literal["likely", "possible", "none"]

# There are about fifteen signals with at most a few lines each.
_LINES_MAX: Final = 64
# A person reads a handful of other candidates; the index keeps 64.
OTHERS_MAX: Final = 64
# The mind knows eight rival explanations; a later release may know some more.
_RIVALS_MAX: Final = 16
# Two sides of a profile's two dozen fields; some fields have two faults.
_NOT_READ_MAX: Final = 128

Weight = Annotated[
    float, Meta(description="Natural-log odds (nats) that this line adds, against a stranger.")
]


class EvidenceLine(Struct, frozen=True, kw_only=True):
    """One reason for or against: a signal, what it weighs, and the two values compared."""

    signal: fields.Slug
    weight: Weight
    level: Annotated[
        str, Meta(max_length=64, description="How far the two agree, in the signal's own levels.")
    ]
    ours: Annotated[fields.Text1024, Meta(description="The new account's value, masked where personal.")]
    theirs: Annotated[fields.Text1024, Meta(description="The banned account's value, masked where personal.")]
    because: Annotated[fields.Text1024, Meta(description="One sentence for the reviewer.")]
    explained: Annotated[
        bool, Meta(description="The two agree, and the strongest innocent reason covers it.")
    ] = False
    new: Annotated[bool, Meta(description="No dismissed alert on the account showed it.")] = False

    def __post_init__(self) -> None:
        """Refuse a weight that JSON cannot carry."""
        if not isfinite(self.weight):
            raise ValueError("weight is not a finite number")


QUOTES_REMOVED: Final = "What this line quoted was removed when the alert was withdrawn."


def without_quotes(line: EvidenceLine) -> EvidenceLine:
    """The same line by its signal, level and weight alone, without a word of either account."""
    return replace(line, ours="", theirs="", because=QUOTES_REMOVED)


NOT_QUOTED: Final = "This agrees with a name on a list that may not be shown."


def without_basis(alert: MirrorAlert, *, listed: bool) -> MirrorAlert:
    """The alert without its ban's basis. ``listed``: the ban is a name on a list, which is left out, too."""
    matched = replace(alert.matched, basis=None)
    if alert.matched.on_state_word:
        matched = replace(matched, basis_kind="state")
    if not listed:
        return replace(alert, matched=matched)
    evidence, counter_evidence = (
        tuple([replace(line, theirs="", because=NOT_QUOTED) for line in several])
        for several in (alert.evidence, alert.counter_evidence)
    )
    return replace(alert, matched=matched, evidence=evidence, counter_evidence=counter_evidence)


UNQUOTED: Final = "unquoted"


class Matched(OfAccount, Struct, frozen=True, kw_only=True):
    """The banned account that the new one resembles."""

    platform: fields.Platform
    account_id: fields.AccountId
    account_kind: fields.AccountKind = "account"
    banned_at: fields.Moment | None = None
    root_id: (
        Annotated[
            fields.AccountKey, Meta(description="The first account of its family, `platform:account_id`.")
        ]
        | None
    ) = None
    generation: Annotated[
        int,
        # families in the wild reach some hundred re-creations
        Meta(ge=0, le=1_000_000, description="0 for the first account of a family, 1 for its mirror, …."),
    ] = 0
    policy: fields.Slug | None = None
    basis: Basis | None = None
    basis_kind: Annotated[
        BasisKind,
        Meta(
            description="On whose word the ban rests: the platform's, or an authority's (state). Where"
            " `basis` may not be quoted and is null, its kind stands all the same."
        ),
    ] = "none"

    @property
    def on_state_word(self) -> bool:
        """True if the ban rests on an authority's word; a former release wrote no `basis_kind`."""
        return "state" in (self.basis_kind, kind_of(self.basis))

    @property
    def authority(self) -> str | None:
        """The authority of the basis; `unquoted` for one that may not be quoted."""
        if self.basis is not None:
            return self.basis.authority
        return None if self.basis_kind == "none" else UNQUOTED


class NotRead(Struct, frozen=True, kw_only=True):
    """A field that would have been evidence and could not be used, or not all of it was read."""

    side: Annotated[
        Literal["account", "matched"], Meta(description="Whose: the account in question, or the banned one.")
    ]
    field: Annotated[str, Meta(max_length=64, description="The field's name in the platform's events.")]
    reason: FieldFault


class OtherCandidate(OfAccount, Struct, frozen=True, kw_only=True):
    """Another banned account that came near: context, never a reason."""

    platform: fields.Platform
    account_id: fields.AccountId
    log_odds: float
    probability: Annotated[float, Meta(ge=0, le=1)]
    band: Band
    alike: Annotated[
        bool, Meta(description="It is alike to the matched account: this alert stands for both of them.")
    ] = False

    def __post_init__(self) -> None:
        """Refuse a number that JSON cannot carry."""
        if not isfinite(self.log_odds):
            raise ValueError("log_odds is not a finite number")


class InnocentReason(Struct, frozen=True, kw_only=True):
    """What else than one hand could make the two accounts alike; quotes neither of them."""

    name: Annotated[fields.Slug, Meta(description="`household`, `copier`, `namesake`, ….")]
    takes: Annotated[
        float,
        Meta(
            ge=0, description="Nats that it takes away, as its line does; 0 where a former release wrote it."
        ),
    ] = 0.0
    covers: Annotated[
        tuple[fields.Slug, ...],
        Meta(max_length=_LINES_MAX, description="Signals that agree and that it would explain."),
    ] = ()
    sentence: Annotated[fields.Text256, Meta(description="One sentence for the reviewer.")]

    def __post_init__(self) -> None:
        """Refuse a number that JSON cannot carry."""
        if not isfinite(self.takes):
            raise ValueError("takes is not a finite number")


class Drawn(Struct, frozen=True, kw_only=True):
    """How a pair below the bands came to `alerts.sample`: by chance, so that figures can be weighed."""

    probability: Annotated[
        float,
        Meta(ge=1e-9, le=1, description="With which it was drawn: it stands for one over that many pairs."),
    ]
    stratum: Annotated[
        int, Meta(ge=0, le=255, description="0: within 2 nats below the threshold; each further one 2 more.")
    ]


class MirrorAlert(OfAccount, Record, frozen=True, kw_only=True):
    """One pair: an account that resembles a banned one, with the reasons, for a person to judge.

    Consumers upsert by (`alert_id`, `revision`). A withdrawal is an alert of a higher revision; but for
    `no-longer-resembles`, `superseded` and `verdict` it quotes nothing of either account any more. `prior` +
    the weights of `evidence` + those of `counter_evidence` = `log_odds` within 1e-9; `probability` is its
    calibration.
    """

    MOMENTS: ClassVar[tuple[str, ...]] = ("detected_at", "withdrawn_at", "dismissed_at")

    alert_id: Annotated[
        fields.Opaque, Meta(description="Hash of the two accounts: the same whenever and by whomever found.")
    ]
    revision: fields.Revision
    status: Status
    platform: fields.Platform
    account_id: fields.AccountId
    account_kind: fields.AccountKind = "account"
    direction: Annotated[
        Direction,
        Meta(
            description="How it was found: forward, by an account; lookback, by a ban; update, by a change;"
            " scan, in a list of accounts."
        ),
    ]
    matched: Matched
    prior: Annotated[
        float,
        Meta(
            description="How much rarer (nats) mirrors of the ban are than sign-ups, at no particular moment;"
            " negative."
        ),
    ]
    log_odds: Annotated[float, Meta(description="Natural-log odds after all evidence.")]
    probability: Annotated[float, Meta(ge=0, le=1, description="Calibrated probability of a mirror.")]
    band: Annotated[
        Band, Meta(description="By thresholds on `probability`; none: asked for below the bands.")
    ]
    evidence: Annotated[tuple[EvidenceLine, ...], Meta(max_length=_LINES_MAX)]
    counter_evidence: Annotated[tuple[EvidenceLine, ...], Meta(max_length=_LINES_MAX)]
    rivals: Annotated[
        tuple[InnocentReason, ...],
        Meta(
            max_length=_RIVALS_MAX,
            description="What else it could be, the strongest first: what an agreeing value supports.",
        ),
    ] = ()
    others: Annotated[
        tuple[OtherCandidate, ...],
        Meta(
            max_length=OTHERS_MAX,
            description="Other banned accounts that it resembles: those alike to the matched one, which have"
            " no alert of their own, then the strongest of each other kind.",
        ),
    ] = ()
    not_read: Annotated[
        tuple[NotRead, ...],
        Meta(
            max_length=_NOT_READ_MAX,
            description="What would have been evidence and could not be read: its silence says nothing.",
        ),
    ] = ()
    not_compared: Annotated[
        fields.Count,
        Meta(
            description="Accounts remembered from before the ban that share an address, a device, a payment"
            " or a contact with it and were not looked at, since too many share it: so many at most."
        ),
    ] = 0
    queue: fields.Slug | None = None
    weights_version: fields.Text64
    fold_version: Annotated[int, Meta(ge=0, description="Version of the folding table.")]
    detected_at: fields.Moment
    seconds_since_ban: (
        Annotated[
            float,
            Meta(
                description="From the ban to the account's event; negative if the account was first. In whole"
                " days where only the day of one of the two is known."
            ),
        ]
        | None
    ) = None
    seconds_since_event: (
        Annotated[float, Meta(description="From the event that set it off to `detected_at`.")] | None
    ) = None
    withdrawn_at: fields.Moment | None = None
    withdrawn_reason: (
        Annotated[WithdrawnReason, Meta(description="Why it was withdrawn; null while it is open.")] | None
    ) = None
    superseded_by: (
        Annotated[
            fields.Opaque,
            Meta(description="The alert with more evidence, by an alike ban, that has taken its place."),
        ]
        | None
    ) = None
    dismissed_at: (
        Annotated[
            fields.Moment,
            Meta(
                description="When it was dismissed, if evidence that its reader was not shown raised it anew."
            ),
        ]
        | None
    ) = None
    drawn: Annotated[Drawn, Meta(description="On `alerts.sample` only; such a pair is no alert.")] | None = (
        None
    )
    notice: fields.Text256 = NOTICE

    def __post_init__(self) -> None:
        """Refuse numbers that JSON cannot carry."""
        for name in ("prior", "log_odds", "probability", "seconds_since_ban", "seconds_since_event"):
            number: float | None = getattr(self, name)
            if number is not None and not isfinite(number):
                raise ValueError(f"{name} is not a finite number")

    @property
    def imbalance(self) -> float:
        """What of `log_odds` the prior and the lines of evidence leave unexplained, in nats."""
        lines = (*self.evidence, *self.counter_evidence)
        return self.log_odds - fsum([self.prior, *(line.weight for line in lines)])

    def fault(self) -> tuple[str, str] | None:
        """A score never travels without its evidence."""
        if abs(self.imbalance) > BALANCE_TOLERANCE:
            return "$.log_odds", "prior and evidence do not sum to log_odds"
        return None


_NAMES: Final = frozenset({"handle", "name", "crossing"})


def quoted_names(alert: MirrorAlert) -> str:
    """The new account's names as far as the alert quotes them, with spaces between; "" where it does not."""
    lines = (*alert.evidence, *alert.counter_evidence)
    return " ".join(line.ours for line in lines if line.signal in _NAMES and line.ours)


class AlertSummary(Record, frozen=True, kw_only=True):
    """How many accounts resemble a ban and got no alert of their own, since there was no place for them.

    It travels on the topic of alerts under the banned account's key and is upserted like an alert. It is
    revised when its counts change, at most every ten seconds, also to 0, and withdrawn when its ban ends. The
    accounts are looked at again once an alert on the ban, or on a ban that is alike, is withdrawn.
    """

    MOMENTS: ClassVar[tuple[str, ...]] = ("detected_at", "withdrawn_at")

    kind: Literal["summary"] = "summary"
    alert_id: Annotated[fields.Opaque, Meta(description="Hash of the banned account and the word summary.")]
    revision: fields.Revision
    status: Status
    direction: Literal["lookback"] = "lookback"
    matched: Matched
    published: Annotated[fields.Count, Meta(description="Alerts on this ban that were published.")]
    withheld_likely: Annotated[fields.Count, Meta(description="Pairs in the band likely that were not.")]
    withheld_possible: Annotated[fields.Count, Meta(description="Pairs in the band possible that were not.")]
    queue: fields.Slug | None = None
    detected_at: fields.Moment
    withdrawn_at: fields.Moment | None = None
    withdrawn_reason: (
        Annotated[WithdrawnReason, Meta(description="Why it was withdrawn; null while it is open.")] | None
    ) = None
    notice: fields.Text256 = NOTICE

    @property
    def key(self) -> str:
        return self.matched.key

    @property
    def withheld(self) -> int:
        """Pairs at or above possible that were not published one by one."""
        return self.withheld_likely + self.withheld_possible
