"""The score of a pair: by a table, against rivals, never above its bound."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache, partial
from importlib import resources
from typing import Any, Final

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import structs

from samehand.account import Account, Avatar
from samehand.blocking.display_name import initial_keys
from samehand.errors import UnusableWeights
from samehand.fingerprint.distil import Fingerprint, enrolment_keys, query_keys
from samehand.frequency.rates import LATELY, Frequencies, NothingCounted, SignUpRates
from samehand.keys import Key, KeyKind, kind_of
from samehand.scoring.evidence import Score
from samehand.scoring.key_table import STEPS_A_NAT, KeyTable, RivalSums
from samehand.scoring.rivals import RATED, RIVALS
from samehand.scoring.score import _adding, _compared, score
from samehand.scoring.upper_bound import UpperBound
from samehand.scoring.weights import Bands, Flow, Weights, lacking, read_weights
from samehand.showings import COPYABLE, Changed, Showings
from samehand.signals import PAIRWISE, SIGNALS
from samehand.signals.base import Most
from samehand.signals.context import ComparisonContext
from samehand.signals.cross_field import CROSS_FIELD
from samehand.signals.name import NAME
from samehand.signals.own_contact import OWN_CONTACT
from samehand.watchlist.platforms import ORGANISATIONS
from store.common.ranking import Tables
from tests.house import ROOT
from tests.samehand.makers import DEVICE, WEIGHTS, Bearers, a_context, an_account, keyer, seen
from tests.samehand.scoring.makers import (
    AT,
    STORES,
    Counted,
    ages,
    alike_accounts,
    counted,
    pairs,
    picture,
    tables,
)
from tests.tables import for_each

# The table of weights is checked number by number, and its probabilities behave.


def a_table(**changes: Any) -> bytes:
    table: dict[str, Any] = {
        "version": "t",
        "mirrors_a_ban": 1.0,
        "mirrors_a_listing": 0.1,
        "group_shares": {"name": 0.25},
        "rivals": {one.name: {"rate": 0.01} for one in RATED},
        "signals": {"handle": {"levels": {"same": {"m": 0.1, "u": 1e-6}}}},
    }
    return json.dumps(table | changes).encode()


def test_a_policy_may_have_thresholds_of_its_own() -> None:
    weights = msgspec.structs.replace(WEIGHTS, policy_bands={"spam": Bands(0.99, 0.8)})
    assert [weights.band(0.85, policy) for policy in (None, "spam", "other")] == [
        "possible",
        "possible",
        "possible",
    ]
    assert (weights.band(0.95), weights.band(0.95, "spam")) == ("likely", "possible")
    assert (weights.band(0.6), weights.band(0.6, "spam")) == ("possible", "none")
    assert weights.alerting_min == 0.5


@for_each(
    ("changes", "reason"),
    [
        ({"mirrors_a_ban": 0}, r">= 1e-30 - at `\$\.mirrors_a_ban`"),
        ({"slope": 0}, "slope must be above 0"),
        ({"intercept": 1.7e308}, r"<= 1000\.0 - at `\$\.intercept`"),
        ({"group_shares": {"name": 2}}, r"<= 1\.0 - at `\$\.group_shares\[\.\.\.\]`"),
        ({"bands": {"likely": 0.4, "possible": 0.5}}, "bands must have .* possible is 0.5 and likely is 0.4"),
        (
            {"policy_bands": {"spam": {"likely": 0.4, "possible": 0.5}}},
            "policy_bands.spam must have .* possible is 0.5",
        ),
        (
            {"signals": {"handle": {"levels": {"same": {"m": 0, "u": 1e-6}}}}},
            r">= 1e-30 - at `\$\.signals.*\.levels.*\.m`",
        ),
        (
            {"signals": {"handle": {"levels": {"same": {"m": 0.1, "u": 1e-6, "ceiling": 99}}}}},
            r"<= 32\.0 - at `\$\.signals.*\.ceiling`",
        ),
        (
            {"signals": {"handle": {"levels": {"same": {"m": 0.1, "u": 1e-6, "ceiling": -0.5}}}}},
            r">= 0\.0 - at `\$\.signals.*\.ceiling`",
        ),
        (
            {"signals": {"handle": {"levels": {"different": {"m": 0.5, "u": 0.1}}}}},
            "signals.handle.levels.different is a difference",
        ),
        ({"signals": {"handle": {"levels": {}, "explained": {"twin": 1.0}}}}, "household.neighbour"),
        (
            {"signals": {"handle": {"levels": {}, "explained": {"copier": 0.0}}}},
            r">= 1e-30 - at `\$\.signals.*\.explained",
        ),
        ({"rivals": {}}, "rivals.household is missing"),
        ({"bans_min": 1}, "delete bans_min"),
        ({"caps": {"rows": []}}, "delete caps"),
        (
            {"signals": {"handle": {"levels": {"same": {"m": 0.1, "multiplier": -1}}}}},
            r">= 0\.0 - at `\$\.signals.*\.multiplier`",
        ),
        (
            {"signals": {"handle": {"levels": {"same": {"m": 0.1, "multiplier": 11}}}}},
            r"<= 10\.0 - at `\$\.signals.*\.multiplier`",
        ),
        ({"unheard_of": 1}, "unheard_of"),
    ],
)
def test_a_number_out_of_its_range_is_named_with_the_range(changes: dict[str, Any], reason: str) -> None:
    read_weights(a_table())
    with pytest.raises(UnusableWeights, match=reason):
        read_weights(a_table(**changes))


@given(st.binary(max_size=60))
def test_anything_else_is_refused_with_a_reason(raw: bytes) -> None:
    with pytest.raises(UnusableWeights):
        read_weights(raw)


def test_every_shipped_figure_says_where_it_comes_from() -> None:
    assert not [name for name, signal in WEIGHTS.signals.items() if not signal.source]


KNOTS = st.lists(st.tuples(st.floats(0.01, 5), st.floats(0.01, 5)), min_size=2, max_size=8).map(
    lambda steps: tuple(
        (sum(a for a, _ in steps[: n + 1]) - 9, sum(b for _, b in steps[: n + 1]) - 9)
        for n in range(len(steps))
    )
)


@given(KNOTS, st.floats(-40, 40), st.floats(-40, 40))
def test_a_bent_calibration_still_rises_and_can_be_undone(
    knots: tuple[tuple[float, float], ...], one: float, other: float
) -> None:
    bent = msgspec.structs.replace(WEIGHTS, knots=knots)
    low, high = sorted((one, other))
    assert bent.calibrated(low) <= bent.calibrated(high)
    for probability in (0.001, 0.3, 0.9):
        assert bent.probability(bent.log_odds_at(probability)) == pytest.approx(probability, rel=1e-6)


def test_knots_that_fall_are_refused() -> None:
    with pytest.raises(UnusableWeights, match="knots must rise"):
        read_weights(a_table(knots=[[0.0, 1.0], [1.0, 0.5]]))


def test_a_table_that_lacks_a_row_is_told_from_a_whole_one() -> None:
    assert lacking(WEIGHTS) is None
    assert lacking(read_weights(a_table())) is not None


@for_each(
    ("signal", "level", "row", "lacks"),
    [
        ("handle", "same", {"m": 0.1, "u": 1e-6}, "handle.same without u"),
        ("device", "same", {"m": 0.1}, "device.same.u"),
    ],
)
def test_a_rate_that_nothing_reads_or_that_is_missing_is_named(
    signal: str, level: str, row: dict[str, float], lacks: str
) -> None:
    table = json.loads(msgspec.json.encode(WEIGHTS))
    table["signals"][signal]["levels"][level] = row
    if signal == "handle":
        row["explained"] = table["signals"]["handle"]["levels"]["same-handle"]["explained"]
    told = lacking(read_weights(json.dumps(table).encode()))
    assert told is not None
    assert told.startswith(lacks)


# A score never travels without its reasons, and the reasons sum to it exactly.


HOUR = 3600.0


def scored(ours: Account, theirs: Account, *, apart: float | None = None, bans: int = 1000) -> Score:
    at = None if apart is None else 1_000_000.0
    later = None if at is None or apart is None else at + apart
    return score(seen(ours, later), seen(theirs, at), WEIGHTS, NothingCounted(bans))


def test_the_mirror_of_the_news_is_likely() -> None:
    banned = an_account(handle="umar_media", display_name="Umar Media", device_id=DEVICE)
    mirror = an_account(handle="um4r_media_2", display_name="Umar Media", device_id=DEVICE)
    assert scored(mirror, banned, apart=5 * 60.0).band == "likely"


def test_who_is_back_under_both_names_within_the_hour_is_looked_at_whatever_differs() -> None:
    """Who expects to be looked for by a device changes that; namesakes do not come at once under both."""
    ban = an_account(handle="zarghun_kakar", display_name="Zarghun Kakar", device_id=DEVICE)
    mirror = replace(ban, handle="zarghun_kakar_backup", device_id=DEVICE[:-1])
    assert scored(mirror, ban, apart=5 * 60.0, bans=40).band != "none"
    listed = replace(ban, platform=ORGANISATIONS)
    assert scored(mirror, listed, apart=5 * 60.0, bans=40).band == "none"


@for_each(("shared", "band"), [("device_id", "likely"), ("handle", "possible")])
def test_who_is_back_within_minutes_is_shown_for_one_more_reason(shared: str, band: str) -> None:
    """Likely by what a stranger does not see, possible by what all can copy."""
    ban = an_account(handle="zarghunwaziristani", device_id=DEVICE)
    back = an_account(**{shared: getattr(ban, shared)})
    assert scored(back, ban, apart=10 * 60.0, bans=100_000).band == band
    assert scored(back, ban, apart=2 * 365 * 24 * HOUR, bans=100_000).band == "none"


def test_a_stranger_is_nothing() -> None:
    banned = an_account(handle="umar_media", display_name="Umar Media", ip="39.40.12.7")
    stranger = an_account(handle="salma_khan", display_name="Salma Khan", ip="81.2.69.142")
    assert scored(stranger, banned, apart=5 * 60.0).probability < 0.01


@for_each(
    "shared",
    [
        {"ip": "39.40.12.7"},
        {"ip": "39.40.12.7", "locale": "ur-PK", "referrer": "invite:7GQ2"},
        {"handle": "ali"},
    ],
)
def test_some_things_never_alert_alone_however_soon_after_the_ban(shared: dict[str, str]) -> None:
    result = scored(an_account(**shared), an_account(**shared), apart=60.0, bans=1)
    assert result.band == "none"


def test_what_a_crowd_shares_is_said_as_counter_evidence() -> None:
    at = an_account(device_id=DEVICE)
    result = score(seen(at), seen(at), WEIGHTS, Bearers(4_000, 1_000_000))
    told = [line for line in result.counter_evidence if line.level == "shared-by-many"]
    assert told
    assert "4,000 accounts" in told[0].because


def test_of_texts_that_nobody_was_counted_with_none_is_said_to_be_shared() -> None:
    """A text in part is no rarer than the whole text, though nobody shares that."""
    ours, theirs = (an_account(bio=f"living my best life every {span}") for span in ("day", "week"))
    assert {line.level for line in scored(ours, theirs).lines}.isdisjoint({"shared-by-many"})


def test_handle_and_name_are_partly_one_fact() -> None:
    both = an_account(handle="umar_farooqi_waziri", display_name="Umar Farooqi Waziri")
    name_alone = an_account(display_name="Umar Farooqi Waziri")
    handle_alone = an_account(handle="umar_farooqi_waziri")
    together = scored(both, both).log_odds
    apart = [scored(one, one).log_odds for one in (name_alone, handle_alone)]
    assert max(apart) < together < sum(apart) - scored(both, both).prior


def test_a_common_name_is_not_rare_for_being_counted_among_other_languages() -> None:
    """Where no locale is given, those counted are whoever writes Latin letters, with a name or without."""
    namesakes = an_account(display_name="Imran Mehsud")
    among_others = score(seen(namesakes), seen(namesakes), WEIGHTS, Bearers(0, 5_000))
    (shipped,) = [line for line in scored(namesakes, namesakes).lines if line.signal == "name"]
    (counted,) = [line for line in among_others.lines if line.signal == "name"]
    assert counted.weight == shipped.weight


def test_the_same_name_on_the_same_device_alerts() -> None:
    same = an_account(display_name="zarghun waziristani", device_id=DEVICE)
    assert scored(same, same, apart=60 * 24 * HOUR).band == "likely"


def test_what_is_explained_keeps_the_order_of_its_evidence() -> None:
    ban = an_account(
        device_id=DEVICE, ip="39.40.12.7", locale="ps-AF", user_agent="Mozilla/5.0 (X11) Firefox/120.0"
    )
    several = [
        an_account(device_id=DEVICE),
        an_account(device_id=DEVICE, ip="39.40.12.7"),
        an_account(device_id=DEVICE, ip="39.40.12.7", locale="ps-AF"),
        ban,
    ]
    told = [scored(one, ban, bans=1) for one in several]
    assert {one.band for one in told} == {"none"}
    assert [one.log_odds for one in told] == sorted({one.log_odds for one in told})


# What else it could be: the laws that hold for every pair, whatever the rival, the counts and the moment.


DAY: Final = 86_400.0


Shown = tuple[Showings, Showings] | None
# It is not asked who showed a value first, or not known: of all that can be copied, or of some.
LATER: Final = Showings(900, 900)
orders = st.none() | st.sets(st.sampled_from(range(len(COPYABLE))), min_size=1).map(
    lambda open_: (LATER, Showings(100, 100, tuple(Changed(place, None, 950) for place in sorted(open_))))
)


def judged(
    ours: Account,
    theirs: Account,
    counts: Any,
    age: float | None,
    weights: Weights = WEIGHTS,
    shown: Shown = None,
) -> Score:
    at = None if age is None else AT - age
    return score(seen(ours, AT), seen(theirs, at), weights, counts, showings=shown)


def told(*pair: Any, **how: Any) -> float:
    return judged(*pair, **how).log_odds


class Lately(Counted):
    """Counts of which all or a tenth of the accounts are the latest, and each crowd is of today."""

    def __init__(self, bans: int, accounts: int, seed: int, a_day: int, part: int) -> None:
        super().__init__(bans, accounts, seed, a_day)
        self._latest = accounts // part

    def accounts(self, stratum: str) -> int:
        return self._latest if stratum == LATELY else super().accounts(stratum)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        crowd = super().count(kind, value, stratum)
        return min(crowd, self._latest) if stratum == LATELY else crowd


with_crowds = st.builds(Lately, **STORES, part=st.sampled_from((1, 10)))

# Values that resemble none of those drawn.
UNLIKE: Final[dict[str, Any]] = {
    "handle": "wxqvbtr_lodz",
    "display_name": "Ingrid Bjornsdottir",
    "bio": "Ceramics, glazes and kilns. I fire on Sundays and sell what survives.",
    "email": "ingrid@kiln.example",
    "phone": "+4790012345",
    "device_id": "c0ffee00-1111-4222-8333-944445555666",
    "payment_token": "tok_other",
    "ip": "81.2.69.142",
    "user_agent": "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1) Presto/2.12",
    "locale": "nb-NO",
    "referrer": "campaign:glaze",
    "avatar": Avatar(pdq=bytes(reversed(range(1, 256, 8))), quality=90),
}

EXAMPLES: Final = settings().max_examples

# Levels at which one account names the other.
NAMING: Final = frozenset(("announced", "succeeds", "names-it", "mailbox", "number"))


@settings(max_examples=8 * EXAMPLES)
@given(
    ours=alike_accounts,
    theirs=alike_accounts,
    counts=with_crowds,
    age=ages,
    field=st.sampled_from(sorted(UNLIKE)),
    weights=tables,
    shown=orders,
)
def test_to_agree_in_one_more_fact_never_lowers_a_pair_and_to_differ_never_raises_it(
    ours: Account,
    theirs: Account,
    counts: Counted,
    age: float | None,
    field: str,
    weights: Weights,
    shown: Shown,
) -> None:
    bare: dict[str, Any] = {field: None}
    silent = told(replace(ours, **bare), theirs, counts, age, weights, shown)
    unlike = replace(ours, **{field: UNLIKE[field]})
    assert told(unlike, theirs, counts, age, weights, shown) <= silent + 1e-9
    # Who takes over the handle that its profile named names itself.
    takes_it_over = field == "handle" and "@" in (ours.bio or "")
    if getattr(theirs, field) is not None and not takes_it_over:
        same = replace(ours, **{field: getattr(theirs, field)})
        assert told(same, theirs, counts, age, weights, shown) >= silent - 1e-9


# Whom the banned account named before it was banned needs no order; else the order tells who was named first.
after_a_ban = ages.filter(lambda age: age is not None and age >= 0.0)


@settings(max_examples=2 * EXAMPLES)
@given(pair=pairs, counts=with_crowds, age=after_a_ban, weights=tables, shown=orders)
def test_an_unknown_order_changes_no_score(
    pair: tuple[Account, Account], counts: Counted, age: float | None, weights: Weights, shown: Shown
) -> None:
    known, unknown = (judged(*pair, counts, age, weights, order) for order in (None, shown))
    assert unknown.log_odds == pytest.approx(known.log_odds, abs=1e-9)
    assert unknown.band == known.band


@given(pair=pairs, age=ages, seed=st.integers(0, 255), accounts=st.sampled_from((0, 90_000)))
def test_a_pair_has_the_same_odds_at_one_ban_and_a_million_until_mirrors_are_held(
    pair: tuple[Account, Account], age: float | None, seed: int, accounts: int
) -> None:
    """Of five million sign-ups a day the mirrors of a million bans are few; of a hundred they are held."""
    for a_day, same in ((5_000_000, True), (100, False)):
        one, million = (told(*pair, Counted(bans, accounts, seed, a_day), age) for bans in (1, 1_000_000))
        assert million == one if same else million <= one + 1e-9


@settings(max_examples=4 * EXAMPLES)
@given(ours=alike_accounts, theirs=alike_accounts, counts=with_crowds, age=ages)
def test_no_pair_scores_higher_than_an_account_against_itself(
    ours: Account, theirs: Account, counts: Counted, age: float | None
) -> None:
    other = judged(replace(ours, platform=theirs.platform), theirs, counts, age)
    # Nobody names itself as somebody else, and who shows two names does not spell one in the other.
    mine, banned = seen(ours, AT), seen(theirs)
    context = a_context(counts)
    lines = _compared(mine, banned, context, WEIGHTS)  # also those that say nothing beside another
    assume(all(line.signal != "crossing" for line in lines))
    assume(NAMING.isdisjoint(one.level for line in lines for one in (line.comparison, *line.comparison.also)))
    assert told(theirs, theirs, counts, age) >= other.log_odds - 1e-9


of_all_ages = st.floats(0, 18.3).map(math.expm1)  # a second as often as a year


@settings(max_examples=3 * EXAMPLES)
@given(
    ours=alike_accounts,
    theirs=alike_accounts,
    counts=counted,
    sooner=of_all_ages,
    later=of_all_ages,
    weights=tables,
)
def test_to_come_sooner_never_lowers_a_pair(
    ours: Account, theirs: Account, counts: Counted, sooner: float, later: float, weights: Weights
) -> None:
    sooner, later = sorted((sooner, later))
    assert told(ours, theirs, counts, sooner, weights) >= told(ours, theirs, counts, later, weights) - 1e-9


@settings(max_examples=3 * EXAMPLES)
@given(ours=alike_accounts, theirs=alike_accounts, counts=counted, age=ages, shown=orders)
def test_prior_and_lines_sum_to_the_log_odds_and_each_reason_takes_what_its_line_says(
    ours: Account, theirs: Account, counts: Counted, age: float | None, shown: Shown
) -> None:
    result = judged(ours, theirs, counts, age, shown=shown)
    assert math.fsum([result.prior, *(line.weight for line in result.lines)]) == pytest.approx(
        result.log_odds, abs=1e-9
    )
    *of_reasons, others = [line for line in result.lines if line.signal == "rivals"]
    assert others.weight <= 1e-9
    assert [(line.level, -line.weight) for line in of_reasons] == [
        (one.name, one.takes) for one in result.rivals
    ]
    taken = [one.takes for one in result.rivals]
    assert taken == sorted(taken, reverse=True)
    assert {one.name for one in result.rivals} <= {one.name for one in RIVALS}


@given(ours=alike_accounts, theirs=alike_accounts, counts=counted, age=ages)
def test_a_reason_is_named_only_where_what_it_covers_agrees(
    ours: Account, theirs: Account, counts: Counted, age: float | None
) -> None:
    result = judged(ours, theirs, counts, age)
    agreeing = {line.signal for line in result.lines if line.weight > 0.0}
    for reason in result.rivals:
        assert reason.covers
        assert set(reason.covers) <= agreeing
        assert reason.name != "neighbour" or "network" in agreeing
        assert reason.name != "former-holder" or "phone" in agreeing
        assert reason.name != "household" or agreeing & {"device", "network", "payment"}
        assert reason.name != "copier" or not {"device", "network", "payment"} & set(reason.covers)


@given(ours=alike_accounts, theirs=alike_accounts, counts=counted, age=ages, seed=st.integers(0, 5))
def test_the_order_of_rivals_and_rows_does_not_matter(
    ours: Account, theirs: Account, counts: Counted, age: float | None, seed: int
) -> None:
    names = [one.name for one in RATED]
    turned = {name: WEIGHTS.rivals[name] for name in (*names[seed:], *names[:seed])}
    signals = dict(reversed(WEIGHTS.signals.items()))
    other = msgspec.structs.replace(WEIGHTS, rivals=turned, signals=signals)
    assert judged(ours, theirs, counts, age, other) == judged(ours, theirs, counts, age)


@for_each("shown", [{"email": "umar@example.org"}, {"payment_token": "tok_1QxYz8"}])
@for_each("age", [None, 66 * DAY, 700 * DAY])
def test_a_value_that_belongs_to_somebody_keeps_its_odds_however_many_are_banned(
    shown: dict[str, str], age: float | None
) -> None:
    one = an_account(**shown)
    found = [told(one, one, NothingCounted(bans), age) for bans in (100, 3_000, 100_000, 1_000_000)]
    assert max(found) - min(found) <= 0.4
    assert WEIGHTS.band(WEIGHTS.probability(min(found))) != "none"


@given(letters=st.text("bcdfghklmnprstvw", min_size=1, max_size=12))
def test_letters_behind_a_handle_lower_it_by_no_more_than_so_much_each(letters: str) -> None:
    banned = an_account(handle="zarghunwaziristani")
    alone, behind = (
        told(replace(banned, handle=handle), banned, NothingCounted(300), 600.0)
        for handle in ("zarghunwaziristani", f"zarghunwaziristani{letters}")
    )
    # Once: another level, and that more strangers resemble a name than bear it.
    assert behind >= alone - 9.0 - 1.5 * len(letters)


def numbers(table: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The places of all numbers of a table."""
    if isinstance(table, dict):
        return [place for name, each in table.items() for place in numbers(each, (*path, name))]
    return [path] if isinstance(table, int | float) else []


TABLE: Final = msgspec.json.decode(resources.files("samehand.scoring").joinpath("weights.json").read_bytes())
# What no single pair shows: thresholds, and what counts only beside a name that is rarer than the handle.
UNSEEN: Final = frozenset(
    {
        *(("bands", "likely"), ("bands", "possible")),
        *(
            ("signals", "handle", "levels", "same", "explained", one)
            for one in ("namesake", "namesake-nearby")
        ),
    }
)


def probes() -> list[tuple[Account, Account, Any, float | None]]:
    """Pairs that show every level, in stores where they are priced one way and another."""
    found: list[tuple[Account, Account, Any, float | None]] = []
    for signal in (*SIGNALS, *PAIRWISE):
        found += [
            (example.ours, example.theirs, NothingCounted(bans), None)
            for example in getattr(signal, "examples", ())
            for bans in (1, 20_000)
        ]
        found += [
            (example.ours, example.theirs, NothingCounted(1, 100), None)
            for example in getattr(signal, "examples", ())
        ]
    one = an_account(
        handle="zarghunkakar",
        display_name="Zarghun Kakar",
        phone="+923012345678",
        device_id=DEVICE,
        payment_token="tok_1QxYz8",
        ip="39.40.12.7",
        user_agent="Mozilla/5.0 (X11) Firefox/120.0",
        referrer="invite:7GQ2",
        locale="ps-AF",
    )
    bare = an_account()
    for age in (60.0, 1800.0, 4e4, 4e5, 2e6, 6e6, 2e7, 9e7, -3e4, -1e6, -9e6):
        for field in ("handle", "display_name", "phone", "device_id", "payment_token", "ip"):
            shown = an_account(**{field: getattr(one, field)})
            found.append((shown, shown, NothingCounted(300), age))
    found += [
        (one, replace(one, platform=platform), NothingCounted(300), 60.0)
        for platform in (ORGANISATIONS, "telegram")
    ]
    points = (
        *("t.me/+AbCdEf123456", "chat.whatsapp.com/AbCdEf1234567890AbCdEf", "discord.gg/AbCdEf12"),
        *("wa.me/message/ABCDEF123456", "call +92 301 2345678", "mail umar@example.org", "t.me/valley_news"),
        *("https://www.instagram.com/valley_news", "write @valley_news", "https://valleyshop.com/x"),
        *("backup of @valley_news", "https://www.linkedin.com/in/valley-news"),
        "donate 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    )
    announced = replace(bare, handle="kite_lodz"), replace(bare, bio="backup: @kite_lodz")
    found.append((*announced, NothingCounted(300), 2e6))
    found += [(replace(bare, bio=point),) * 2 + (NothingCounted(300), None) for point in points]
    for ours, theirs in (
        ("salma7391846205", "kite_7391846205"),
        ("salma739184", "kite_739184"),
        ("salma4182", "kite_4182"),
        ("zarghunwaziristani", "zorghinweziristoni"),
        ("wxqvbtr_lodz", "zarghunkakar"),
    ):
        named = (replace(bare, handle=ours), replace(bare, handle=theirs))
        found += [(*named, NothingCounted(300), age) for age in (None, 60.0)]
    differs = replace(one, handle="wxqvbtr", display_name="Ingrid", device_id=DEVICE[::-1], ip="81.2.69.142")
    found.append((differs, one, NothingCounted(300), 60.0))
    for bits in (0, 55, 70):
        mine, other = (replace(bare, avatar=picture(it)) for it in (bits, 0))
        found.append((mine, other, Bearers(2, 1_000_000, bans=300), None))
    link = ("t.me/+AbCdEf123456",)
    made, by_owner = replace(bare, account_id="group:7", kind="group"), {"created_by": "5"}
    run: tuple[tuple[dict[str, Any], Account], ...] = (
        (by_owner, replace(made, created_by="5")),
        ({"admins": (("5", True), ("6", True))}, replace(made, admins=(("5", True), ("6", True)))),
        ({"admins": (("5", True),)}, replace(made, created_by="5")),
        ({"admins": (("5", False),)}, replace(made, created_by="5")),
        ({"created_by": "1"}, bare),
        ({"admins": (("1", True),)}, bare),
        (by_owner | {"moved_from": "group:7"}, replace(made, created_by="5")),
        ({"invite_links": link}, replace(made, invite_links=link)),
        ({"invite_links": link}, replace(bare, bio=f"join {link[0]}")),
    )
    found += [
        (replace(made, account_id="group:8", **shown), theirs, NothingCounted(300), 60.0)
        for shown, theirs in run
    ]
    bios = ("the old channel is gone, new account of @zarghunkakar", "mirror of @zarghunkakar since 2020")
    found += [(replace(bare, bio=bio), one, NothingCounted(300), None) for bio in bios]
    return found


def table_with(path: tuple[str | int, ...]) -> Weights:
    table = msgspec.json.decode(msgspec.json.encode(TABLE))
    place = table
    for name in path[:-1]:
        place = place[name]
    number = place[path[-1]]
    # Shares stay shares; a threshold above 1 - 1/4 is lowered.
    place[path[-1]] = type(number)(number * (0.75 if number > 0.5 else 1.25))
    return read_weights(msgspec.json.encode(table))


@for_each("path", [it for it in numbers(TABLE) if it not in UNSEEN])
def test_every_number_of_the_shipped_table_changes_a_line(path: tuple[str | int, ...]) -> None:
    try:
        other = table_with(path)
    except UnusableWeights:
        return  # a number that may not be changed so far is not ignored
    shipped = shipped_scores()
    assert any(judged(*probe, other) != shipped[at] for at, probe in enumerate(PROBES)), path


PROBES: Final = probes()


@cache
def shipped_scores() -> list[Score]:
    """What each probe scores under the shipped table."""
    return [judged(*one) for one in PROBES]


@for_each("signal", WEIGHTS.signals)
def test_against_every_rival_an_agreement_speaks_for_and_a_difference_against(signal: str) -> None:
    table = WEIGHTS.signals[signal]
    for level, row in table.levels.items():
        for rival, limit in enumerate(table.limits[level]):
            assert limit >= 0.0 if row.agrees else limit <= 0.0, (level, RIVALS[rival].name)


def test_a_closer_level_is_explained_no_more_than_a_laxer_one() -> None:
    table = msgspec.json.decode(msgspec.json.encode(TABLE))
    table["signals"]["name"]["levels"]["same-name"]["explained"] = {"household": 1.0}
    with pytest.raises(UnusableWeights, match="household explains same-name more than"):
        read_weights(msgspec.json.encode(table))


def test_a_copy_is_explained_whole_however_much_its_values_say() -> None:
    """A learnt table may make a few lines weigh a thousand nats."""
    words = "poppy hatchery seeds, weekly zamburak bulletins, moths by lamplight t.me/+AbCdEf123456"
    picture = Avatar(pdq=bytes(range(32)))
    public = an_account(handle="zarghun_hatchery_81", display_name="Zar Hatchery", bio=words, avatar=picture)
    levels = [f"{of}.{level}" for of, signal in WEIGHTS.signals.items() for level in signal.levels]
    table = structs.replace(WEIGHTS, signals=WEIGHTS.multiplied(dict.fromkeys(levels, 10.0)))
    result = judged(replace(public, account_id="2"), public, NothingCounted(300), 600.0, table)
    assert sum(line.weight for line in result.lines if line.weight > 0) > 800
    assert sum(line.weight for line in result.lines if line.signal == "ceiling") > -20.0


def test_a_laxer_level_is_multiplied_by_no_more_than_a_closer_one() -> None:
    table = msgspec.json.decode(msgspec.json.encode(TABLE))
    table["signals"]["network"]["levels"]["same-prefix"]["multiplier"] = 1.1
    with pytest.raises(UnusableWeights, match="the multiplier of same-address is below that of same-prefix"):
        read_weights(msgspec.json.encode(table))


@for_each(
    ("shown", "age", "rival"),
    [
        ({"device_id": DEVICE, "ip": "39.40.12.7"}, 60 * DAY, "household"),
        ({"ip": "39.40.12.7"}, 600.0, "neighbour"),
        ({"handle": "zarghunwaziristani"}, 600.0, "copier"),
        ({"phone": "+923012345678"}, 700 * DAY, "former-holder"),
        ({"avatar": picture(0), "handle": "zarghunkakar"}, None, "copier"),
    ],
)
def test_the_strongest_rival_is_the_one_that_explains_most(
    shown: dict[str, Any], age: float | None, rival: str
) -> None:
    one = an_account(**shown)
    result = judged(one, one, NothingCounted(300), age)
    assert result.rivals[0].name == rival
    assert result.rivals[0].sentence.endswith(".")


class Throwaways(Bearers):
    """A platform of 300 bans and 200 sign-ups a day, and so many sign-ups more behind one address."""

    def __init__(self, throwaways: int) -> None:
        super().__init__(1 + throwaways, 20_000 + throwaways, bans=300)
        self.sign_ups = SignUpRates.everywhere(200)
        self._throwaways = throwaways

    def accounts(self, stratum: str) -> int:
        return self._throwaways + 200 if stratum == LATELY else super().accounts(stratum)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return super().count(kind, value, stratum) if kind in (KeyKind.ADDRESS, KeyKind.PREFIX) else 1


@for_each("throwaways", [61, 700])
@for_each("address", ["39.40.12.7", "39.40.12.200"])
@for_each(
    ("banned", "mirror"),
    [
        ({"avatar": picture(0)}, {"avatar": picture(0)}),
        ({"handle": "zarghun_kakar"}, {"handle": "xx_zarghun_kakar_xx"}),
        ({"phone": "+923012345678"}, {"phone": "+923012345699"}),
    ],
)
def test_throwaways_behind_the_address_of_one_ban_hide_no_mirror(
    banned: dict[str, Any], mirror: dict[str, Any], address: str, throwaways: int
) -> None:
    theirs = an_account(ip="39.40.12.7", **banned)
    ours = an_account(account_id="2", ip=address, **mirror)
    found = judged(ours, theirs, Throwaways(throwaways), 6 * 3_600.0)
    assert found.band != "none"
    assert found.log_odds >= told(replace(ours, ip=None), theirs, Throwaways(throwaways), 6 * 3_600.0)


class ManyNamesakes(Bearers):
    """20,000 bans; of three million accounts 1,500 bear each name, and the pair alone any other value."""

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        named = kind in (KeyKind.HANDLE_FULL, KeyKind.STEM, KeyKind.WORD)
        return 1_500 if named else super().count(kind, value, stratum)


BROWSER: Final = "Mozilla/5.0 (Linux; Android 13; SM-A536B) Chrome/120.0.0.0 Mobile Safari/537.36"
NAMESAKE: Final = {"handle": "maria.garcia", "display_name": "Maria Garcia"}
LOOKS: Final = {"avatar": picture(0)}
INVITED: Final = {"handle": "john_smith", "display_name": "John Smith", "referrer": "invite:7GQ2"}


@for_each(
    ("without", "shown", "other", "days"),
    [
        ("group_shares.name", NAMESAKE, {"handle": "maria_garcia7"}, 1),
        ("agent.same", NAMESAKE | {"user_agent": BROWSER}, {}, 30),
        ("referrer.same", INVITED, {"handle": "kite77"}, 60),
        ("handle.same-number", {"handle": "salma739184"}, {"handle": "kite_739184"}, 2),
        ("avatar.alike-pictures", LOOKS, {"avatar": picture(55)}, 1),
        ("avatar.distantly-alike", {"avatar": picture(0)}, {"avatar": picture(70)}, 1 / 144),
    ],
)
def test_each_share_and_limit_of_a_row_keeps_a_pair_lower(
    without: str, shown: dict[str, Any], other: dict[str, Any], days: float
) -> None:
    table = msgspec.json.decode(msgspec.json.encode(TABLE))
    signal, level = without.split(".")
    if signal == "group_shares":
        del table["group_shares"][level]
    else:
        del table["signals"][signal]["levels"][level]["ceiling"]
    theirs = an_account(**shown)
    ours = replace(theirs, **other)
    tables = (WEIGHTS, read_weights(msgspec.json.encode(table)))
    counts = ManyNamesakes(2, 3_000_000, bans=20_000)
    limited, free = (told(ours, theirs, counts, days * DAY, each) for each in tables)
    assert limited < free - 0.04


@for_each(("signal", "rival"), [("name", "neighbour"), ("network", "copier")])
def test_a_value_weighs_less_against_a_rival_among_whose_people_it_is_commoner(
    signal: str, rival: str
) -> None:
    one = an_account(display_name="Zarghun Kakar", ip="39.40.12.7")
    fingerprint = seen(one, AT)
    context = a_context(NothingCounted(300))
    (line,) = [it for it in _compared(fingerprint, fingerprint, context, WEIGHTS) if it.signal == signal]
    against = dict(zip([it.name for it in RIVALS], line.against, strict=True))
    commoner = WEIGHTS.signals[signal].commoner[rival]
    assert against[rival] == pytest.approx(against["stranger"] - math.log(commoner))


@for_each("bans", [1, 300, 20_000, 1_000_000])
def test_a_household_is_not_likely_two_days_after_and_one_who_is_back_at_once_is(bans: int) -> None:
    """Device and address, all else different."""
    banned = an_account(handle="zarghun_k", device_id=DEVICE, ip="39.40.12.7", email="z@k.org")
    other = replace(banned, account_id="2", handle="mirgul.banaras", email="m@b.org")
    bands = [judged(other, banned, NothingCounted(bans), age).band for age in (600.0, 2 * DAY, 61 * DAY)]
    assert bands[0] == "likely"
    assert bands[1] != "likely"
    assert bands[2] == "none"


# No pair that alerts is bounded below its score: what its keys say of it is enough, before it is read.


UNLIMITED: Final = 1 << 40
# Where no group shares what it says, each line is what its signal found.
PLAIN: Final = msgspec.structs.replace(WEIGHTS, group_shares={})
# A level that a key shows for certain: there the bound allows for all that it weighs.
CERTAIN: Final = frozenset(("same-handle", "same-name"))


def bounded(table: KeyTable, theirs: Fingerprint, age: float | None) -> tuple[float, bool]:
    """The most (nats, without the prior) that a candidate can score by its keys, and whether it is read."""
    listed = set(enrolment_keys(theirs))
    shared = [place for place, key in enumerate(table.keys) if key in listed]
    banned_at = np.array([np.nan if age is None or table.at is None else table.at - age])
    sums, enough = Tables.of([table]).sums(
        np.zeros(1, np.int64),
        np.zeros(len(shared), np.int64),
        np.array(shared, np.int64),
        lambda rows: banned_at,
    )
    best = 0.0 if enough[0] else max(steps for _, steps in table.moments) / STEPS_A_NAT
    return float(sums[0]) / STEPS_A_NAT + best, bool(enough[0])


def evenly(weights: Weights, counts: Frequencies, *, banned: bool = False) -> float:
    """What a bound is reckoned from (nats): the rate of mirrors of a ban, or of a listing if it has more."""
    of_all = Flow(counts.sign_ups.range()[1] if banned else counts.sign_ups.otherwise.usual, counts.bans)
    return math.log(max(weights.mirrors(of_all, None, listed=listed) for listed in (False, True)))


def of_one(ours: Fingerprint, weights: Weights, counts: Frequencies) -> ComparisonContext:
    """What a signal is told before a candidate is read: of both accounts what is known of ours."""
    both = (ours.stratum,) * 2, (ours.platform,) * 2
    return ComparisonContext(counts, *both, shipped=weights.rates(counts.sign_ups.otherwise.usual))


def allowed(
    ours: Fingerprint, theirs: Fingerprint, weights: Weights, frequencies: Frequencies, banned: bool
) -> dict[str, float]:
    """What each signal may add that has found something.

    All that it weighs; of a part of a name at most what its shared keys say, and its allowance without any.
    """
    context = of_one(ours, weights, frequencies)
    listed, found = set(enrolment_keys(theirs)), {}
    shown: list[tuple[Any, Any]] = list(zip(SIGNALS, ours.traits, strict=True))
    shown += [(one, one.of(ours.trait)) for one in PAIRWISE]
    named = False
    for one, trait in shown:
        if trait is None:
            continue
        most: Most = one.most(trait, context, weights.signals[one.name], banned=banned)
        shared = listed.intersection((*one.keys(trait), *one.probes(trait)))
        named = named or (one.group == "name" and bool(shared))
        if (shared and one.group != "name") or not (most.by_kind or most.by_key):
            found[one.name] = 99.0
        elif shared:
            besides = max(most.besides.get(key[0], 0.0) for key in shared)
            found[one.name] = max(says(most, key) for key in shared) + besides
        else:
            found[one.name] = max(weights.signals[one.name].allowance, most.unkeyed)
    if not named:
        found["mention"] = 0.0
    return found


def says(most: Most, key: Key) -> float:
    """What a signal says of one of its keys."""
    return most.by_key.get(key, most.by_kind.get(key[0], 0.0))


@settings(max_examples=6 * EXAMPLES)
@given(
    pair=pairs,
    frequencies=counted,
    age=ages,
    weights=tables,
    platform=st.sampled_from((None, ORGANISATIONS)),
    to_the_day=st.booleans(),
    banned=st.booleans(),
)
def test_the_bound_is_no_less_than_the_score_against_any_rival(
    pair: tuple[Account, Account],
    frequencies: Frequencies,
    age: float | None,
    weights: Weights,
    platform: str | None,
    to_the_day: bool,
    banned: bool,
) -> None:
    """Looked up from either side; of a listing, of a day alone and of no known moment as well."""
    plain = msgspec.structs.replace(weights, group_shares={})
    theirs = replace(pair[1], platform=platform or pair[1].platform)
    made = AT - AT % DAY if to_the_day else AT
    new, ban = seen(pair[0], made), seen(theirs, None if age is None else made - age)
    asking, listed = (ban, new) if banned else (new, ban)
    told, may = score(new, ban, plain, frequencies), allowed(asking, listed, plain, frequencies, banned)
    strata, platforms = (new.stratum, ban.stratum), (new.platform, ban.platform)
    per_second = frequencies.sign_ups.otherwise.usual
    context = ComparisonContext(frequencies, strata, platforms, shipped=plain.rates(per_second))
    lines = _compared(new, ban, context, plain)
    by_day = to_the_day or ban.at_is_day
    of_all = Flow(per_second, frequencies.bans)
    mirrors = math.log(plain.mirrors(of_all, age, listed=platform is not None, to_the_day=by_day))
    rates = plain.rival_rates(of_all, age, listed=platform is not None, to_the_day=by_day)
    rates[0] = of_all.per_second  # all that is by chance is a stranger's at least
    of_rivals, excess, least = _adding(lines, plain), 0.0, math.inf
    for rival, (one, rate) in enumerate(zip(RIVALS, rates, strict=True)):
        if one.one_name or one.one_crowd:
            continue
        adding = {line.signal: adds[rival] for line, adds in zip(lines, of_rivals, strict=True)}
        certain = {line.signal for line in lines if line.comparison.level in CERTAIN}
        counts = {
            signal: nats if signal in certain else min(nats, may.get(signal, 99.0))
            for signal, nats in adding.items()
        }
        assert told.log_odds <= mirrors - math.log(rate) + sum(adding.values()) + 1e-6
        excess += sum(adding.values()) - sum(counts.values())
        least = min(least, mirrors - math.log(rate) + sum(counts.values()))
    most, read = bounded(UpperBound(plain).table([asking], frequencies, banned=banned), listed, age)
    assert evenly(plain, frequencies, banned=banned) + most >= least - 1e-6, (told.lines, may)
    assert read or told.band == "none" or excess > 0.0, "who alerts is read"


@for_each(("listings", "bans", "a_day"), [(0.005, 1_000_000, 100), (5.0, 1, 10_000), (0.005, 1, 10_000)])
@for_each("age", [None, 60.0, 9e7])
def test_the_bound_allows_for_listings_whose_mirrors_are_held_or_many(
    listings: float, bans: int, a_day: int, age: float | None
) -> None:
    weights = msgspec.structs.replace(WEIGHTS, mirrors_a_listing=listings)
    one = an_account(email="umar@example.org", phone="+923012345678", payment_token="tok_1QxYz8")
    ours = seen(one, AT)
    listed = seen(replace(one, platform=ORGANISATIONS), None if age is None else AT - age)
    counts = NothingCounted(bans, a_day)
    most, read = bounded(UpperBound(weights).table([ours], counts), listed, age)
    assert read
    assert evenly(weights, counts) + most >= score(ours, listed, weights, counts).log_odds


def added(values: list[float], *, a_key_each: bool, one_fact: bool = False, **others: Any) -> float:
    """What facts add up to (nats) where each is shared by a key of its own, or all by one."""
    facts, steps = tuple(range(len(values))), tuple(int(value * STEPS_A_NAT) for value in values)
    keys = tuple(Key(bytes((place,))) for place in (facts if a_key_each else facts[:1]))
    plain: dict[str, Any] = {"groups": (), "beyond": ()}
    table = KeyTable(
        keys=keys,
        listed=(),
        facts=((0,) * len(facts) if one_fact else facts,) if a_key_each else tuple((fact,) for fact in facts),
        steps=(steps,) if a_key_each else tuple((each,) for each in steps),
        floors=(0,) * len(facts),
        moments=((-np.inf, 0),),
        at=None,
        least=0,
        rivals=(RivalSums(0, (UNLIMITED,) * len(facts), timed=True),),
        **(plain | others),
    )
    sums, _ = Tables.of([table]).sums(
        np.zeros(1, np.int64), np.zeros(len(keys), np.int64), np.arange(len(keys)), lambda rows: np.zeros(1)
    )
    return float(sums[0]) / STEPS_A_NAT


AGREE: Final = st.lists(st.floats(0.0, 14.0), min_size=3, max_size=3)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
@given(values=AGREE, a_key_each=st.booleans())
def test_facts_of_a_group_count_as_the_score_counts_them(
    share: float, values: list[float], a_key_each: bool
) -> None:
    one, other = sorted((values[0], values[2]))
    groups = (((0, 2), int(share * 1024)),)
    found = added(values, a_key_each=a_key_each, groups=groups)
    assert found == pytest.approx(values[1] + other + share * one, abs=0.01)


@given(values=AGREE, a_key_each=st.booleans())
def test_of_a_fact_beyond_others_counts_what_exceeds_the_best_of_them(
    values: list[float], a_key_each: bool
) -> None:
    best = max(values[:2])
    found = added(values, a_key_each=a_key_each, groups=(((0, 1), 256),), beyond=((2, (0, 1)),))
    assert found == pytest.approx(max(best, values[2]) + 0.25 * min(values[:2]), abs=0.01)


@given(values=AGREE)
def test_a_fact_adds_no_more_than_so_many_of_its_keys_can_say(values: list[float]) -> None:
    first, second, best = sorted(values)
    for shared, most in ((1, first), (2, second), (3, second)):
        found = added(
            [best] * shared,
            a_key_each=True,
            by_number=((0, tuple(int(one * STEPS_A_NAT) for one in (first, second))),),
            one_fact=True,
        )
        assert found == pytest.approx(most, abs=0.01)


def sums_of(ours: Account, theirs: Account, *, a_day: int = 10_000, age: float = 3e6) -> tuple[float, bool]:
    table = UpperBound(WEIGHTS).table([seen(ours, AT)], NothingCounted(100_000, a_day))
    return bounded(table, seen(theirs), age)


ONE: Final = an_account(handle="zarghunkakar", display_name="Zarghun Kakar")


@for_each(
    ("mine", "other"),
    [
        ({"handle": "zarghunkakar"}, {"handle": "zarghun_kakar"}),
        ({"handle": "7amza_alfaris"}, {"handle": "hamza_alfaris"}),
        ({"display_name": "Zarghun Kakar"}, {"display_name": "ZARGHUN KAKAR"}),
        ({"handle": "zarghun_kakar"}, {"display_name": "Zarghun Kakar"}),
        ({"handle": "kakar.zarghun"}, {"display_name": "Zarghun Kakar"}),
        ({"display_name": "Zarghun Kakar"}, {"handle": "zarghunkakar"}),
        ({"display_name": "Zarghun Kakar"}, {"handle": "kakarzarghun"}),
    ],
)
def test_a_name_that_agrees_whole_is_read_for_it_alone(mine: dict[str, str], other: dict[str, str]) -> None:
    bare = an_account()
    ours, theirs = (replace(bare, **shown) for shown in (mine, other))  # type: ignore[arg-type]  # text fields
    assert sums_of(ours, theirs, age=60.0)[1]


def test_who_is_named_like_an_organisation_and_says_its_name_is_read() -> None:
    front = Account(platform="watchlist", account_id="XX:1", display_name="Tehrik-e Northern Valley Front")
    named = an_account(display_name="Tehreek Northern Valley Front")
    bio = "Voice of the Tehreek e Northern Valley Front. Follow!"
    table = UpperBound(WEIGHTS).table([seen(replace(named, bio=bio), AT)], NothingCounted(1_000))
    assert bounded(table, seen(front), None)[1]


@for_each("other", ["usman_khalilzan1972", "sanober.tariq1972"])
def test_who_shares_two_letters_and_a_year_is_not_read(other: str) -> None:
    ours, theirs = (an_account(handle=name) for name in ("sana_jawan1972", other))
    assert set(query_keys(seen(ours, AT))) & set(enrolment_keys(seen(theirs)))
    assert not sums_of(ours, theirs)[1]


@for_each("other", ["zarqhunkakar7391", "real_zarghunkakar7391", "zarghonkakkar7391"])
def test_a_number_counts_besides_the_letters_that_other_keys_show(other: str) -> None:
    ours, theirs = (an_account(handle=name) for name in ("zarghunkakar7391", other))
    told = score(seen(ours, AT), seen(theirs), WEIGHTS, NothingCounted(100_000))
    most, read = sums_of(ours, theirs)
    assert read
    assert evenly(WEIGHTS, NothingCounted(100_000)) + most >= told.log_odds


def test_a_word_with_an_initial_says_no_more_than_the_word() -> None:
    trait = NAME.distil(an_account(display_name="Zarghun Kakar"), keyer)
    assert trait is not None
    context = ComparisonContext(NothingCounted(1_000), ("", ""), ("x", "x"), shipped=WEIGHTS.rates(1_000))
    most = NAME.most(trait, context, WEIGHTS.signals["name"], banned=False)
    keys = [key for _, key in initial_keys(trait)]
    assert keys
    assert all(most.by_key[key] < most.by_kind[KeyKind.NAME_INITIAL] for key in keys)


def test_who_shares_only_circumstances_is_not_read() -> None:
    shared = replace(ONE, display_name=None, ip="39.40.12.7", locale="ps-AF", referrer="invite:7GQ2")
    ours, theirs = (replace(shared, handle=name) for name in ("abc", "xyz"))
    assert not sums_of(ours, theirs)[1]


def test_the_moment_decides_where_a_picture_says_little() -> None:
    looks = replace(ONE, avatar=picture(0))
    theirs = an_account(account_id="2", avatar=picture(0))
    assert [sums_of(looks, theirs, a_day=100, age=age)[1] for age in (60.0, 3e7)] == [True, False]


def test_a_crowd_that_shows_a_picture_is_not_read_for_it() -> None:
    shows = replace(ONE, handle=None, display_name=None, avatar=picture(0))
    few, many = (
        bounded(UpperBound(WEIGHTS).table([seen(shows, AT)], counts), seen(shows), 60.0)[0]
        for counts in (NothingCounted(1_000), Bearers(30_000, 100_000))
    )
    assert few > many + 5


def asked(ours: Fingerprint) -> set[Key]:
    """The keys by which somebody may be found who alerts: that both are at one address says nothing more, nor
    does what the account itself runs.
    """
    own = {key for key in enrolment_keys(ours) if kind_of(key) in (KeyKind.OWN_CONTACT, KeyKind.RUNNER)}
    return set(query_keys(ours)) - own


def test_a_namesake_is_not_taken_for_one_who_names_the_account() -> None:
    handle = replace(ONE, display_name=None)
    naming = an_account(account_id="2", bio="The old one is gone, follow @zarghunkakar from now on")
    contact = WEIGHTS.signals["contact"]
    silent = WEIGHTS.multiplied({f"contact.{level}": 0.0 for level in contact.levels})
    told, mute = UpperBound(WEIGHTS), UpperBound(msgspec.structs.replace(WEIGHTS, signals=silent))
    for ours, theirs, more in ((handle, naming, True), (naming, handle, True), (handle, handle, False)):
        with_it, without = (
            bounded(one.table([seen(ours, AT)], NothingCounted(100_000)), seen(theirs), 3e7)[0]
            for one in (told, mute)
        )
        assert with_it > without + 3.0 if more else with_it == without


def test_both_keys_are_made_in_one_pass_and_are_those_made_apart() -> None:
    ours = seen(replace(ONE, bio="write to umar@example.org", email="z@example.org", phone="+923012345678"))
    table = UpperBound(WEIGHTS).table([ours], NothingCounted())
    assert sorted(table.keys) == sorted(asked(ours))
    assert sorted(table.listed) == sorted(enrolment_keys(ours))
    assert {len(table.keys)} == {len(row) for row in (*table.facts, *table.steps)}


def test_two_peppers_of_a_rotation_make_one_table() -> None:
    several = [
        replace(seen(ONE, AT), pepper_id=1),
        replace(seen(replace(ONE, email="a@b.org"), AT), pepper_id=2),
    ]
    keys = set(UpperBound(WEIGHTS).table(several, NothingCounted()).keys)
    assert keys == asked(several[0]) | asked(several[1])


def test_an_allowance_of_the_table_is_given_to_who_shares_no_key() -> None:
    device = replace(ONE, device_id=DEVICE)
    bare = an_account(account_id="2", device_id=DEVICE)
    signals = {**WEIGHTS.signals, "email": msgspec.structs.replace(WEIGHTS.signals["email"], allowance=3.0)}
    generous = msgspec.structs.replace(WEIGHTS, signals=signals)
    plain, more = (
        bounded(UpperBound(weights).table([seen(device, AT)], NothingCounted(100)), seen(bare), 60.0)[0]
        for weights in (WEIGHTS, generous)
    )
    assert more == pytest.approx(plain + 3.0, abs=0.01)


def test_a_new_signal_takes_its_file_the_registry_and_rows_of_weights() -> None:
    # In Python: a class that is not compiled cannot have a compiled one for its base.
    sources = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [sys.executable, "-m", "tests.samehand.scoring.new_signal"]
    done = subprocess.run(command, cwd=ROOT, env=sources, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["x:1", "possible"], done.stderr


@for_each("signal", [*SIGNALS, CROSS_FIELD, OWN_CONTACT])
def test_each_signal_bounds_each_of_its_examples(signal: Any) -> None:
    """One that shares a key, or has none to share, adds no more than the signal said it could."""
    for example in signal.examples:
        ours, theirs = seen(example.ours), seen(example.theirs)
        trait = next(
            (mine for one, mine in zip(SIGNALS, ours.traits, strict=True) if one is signal), None
        ) or (signal.of(ours.trait) if signal in PAIRWISE else None)
        if trait is None or example.level is None:
            continue
        context = of_one(ours, WEIGHTS, NothingCounted(1_000))
        table = WEIGHTS.signals[signal.name]
        most: Most = signal.most(trait, context, table, banned=False)
        listed = set(enrolment_keys(theirs))
        shared = listed.intersection((*signal.keys(trait), *signal.probes(trait)))
        if signal.group == "name" or (not shared and (most.by_key or most.by_kind) and not most.unkeyed):
            continue  # names: the property above
        said = [says(most, key) for key in shared]
        weighs = partial(score, ours, theirs, PLAIN, NothingCounted(1_000))
        weight = sum(line.weight for line in weighs().lines if line.signal == signal.name)
        assert weight <= max([most.unkeyed, *said]) + 1e-9, example
