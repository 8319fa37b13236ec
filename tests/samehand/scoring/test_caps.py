"""Which grounds speak decides how much a pair may be; and more agreement never takes a pair down."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Final

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from samehand.account import Account, Avatar
from samehand.errors import UnusableWeights
from samehand.fingerprint.distil import distil
from samehand.frequency.rates import NothingCounted
from samehand.scoring.caps import GROUNDS, Cap, Caps, Condition
from samehand.scoring.evidence import Score
from samehand.scoring.score import score
from samehand.scoring.weights import default_weights, read_weights
from tests.samehand.scoring.test_upper_bound import AT, Counted, accounts, ages, counted
from tests.samehand.signals.test_contract import keyer

WEIGHTS: Final = default_weights()
CAPS: Final = WEIGHTS.caps
RANK: Final = {"none": 0, "possible": 1, "likely": 2}
grounds = st.dictionaries(st.sampled_from(list(GROUNDS)), st.floats(0.0, 22.0))


def changed(account: Account, field: str, value: Any) -> Account:
    return replace(account, **{field: value})


def told(ours: Account, theirs: Account, counts: Counted, age: float | None) -> float:
    return scored(ours, theirs, counts, age).log_odds


def scored(ours: Account, theirs: Account, counts: Counted, age: float | None) -> Score:
    at = None if age is None else AT - age
    mine, other = distil(ours, keyer, at=AT), distil(theirs, keyer, at=at)
    return score(mine, other, WEIGHTS, counts)


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


# Levels at which one account names the other.
NAMING: Final = frozenset(("announced", "succeeds", "names-it", "mailbox", "number"))


@settings(max_examples=800)
@given(ours=accounts, theirs=accounts, counts=counted, age=ages, field=st.sampled_from(sorted(UNLIKE)))
def test_to_agree_in_one_more_fact_never_lowers_a_pair_and_to_differ_never_raises_it(
    ours: Account, theirs: Account, counts: Counted, age: float | None, field: str
) -> None:
    silent = told(changed(ours, field, None), theirs, counts, age)
    assert told(changed(ours, field, UNLIKE[field]), theirs, counts, age) <= silent + 1e-9
    # Who takes over the handle that its profile named names itself.
    takes_it_over = field == "handle" and "@" in (ours.bio or "")
    if getattr(theirs, field) is not None and not takes_it_over:
        assert told(changed(ours, field, getattr(theirs, field)), theirs, counts, age) >= silent - 1e-9


@settings(max_examples=400)
@given(ours=accounts, theirs=accounts, counts=counted, age=ages)
def test_no_pair_scores_higher_than_an_account_against_itself(
    ours: Account, theirs: Account, counts: Counted, age: float | None
) -> None:
    other = scored(replace(ours, platform=theirs.platform), theirs, counts, age)
    # Nobody names itself as somebody else, and who shows one name cannot spell it in the other.
    crossed = any(line.signal == "crossing" for line in other.lines)
    assume(not crossed or (theirs.handle and theirs.display_name))
    assume(NAMING.isdisjoint(line.level for line in other.lines))
    assert told(theirs, theirs, counts, age) >= other.log_odds - 1e-9


@settings(max_examples=300)
@given(ours=accounts, theirs=accounts, counts=counted, sooner=st.floats(0, 9e7), later=st.floats(0, 9e7))
def test_to_come_sooner_never_lowers_a_pair(
    ours: Account, theirs: Account, counts: Counted, sooner: float, later: float
) -> None:
    sooner, later = sorted((sooner, later))
    assert told(ours, theirs, counts, sooner) >= told(ours, theirs, counts, later) - 1e-9


@given(fewer=grounds, more=grounds)
def test_a_superset_of_grounds_never_has_a_lower_cap(fewer: dict[Any, float], more: dict[Any, float]) -> None:
    both = {ground: max(fewer.get(ground, 0.0), more.get(ground, 0.0)) for ground in fewer | more}
    assert RANK[CAPS.most(both)] >= RANK[CAPS.most(fewer)]


@given(one=st.floats(-60, 60), other=st.floats(-60, 60), limit=st.floats(-3, 6))
def test_pressing_keeps_the_order_and_stays_below_the_limit(one: float, other: float, limit: float) -> None:
    one, other = sorted((one, other))
    assert CAPS.pressed(one, limit) <= CAPS.pressed(other, limit) < limit
    assert CAPS.pressed(one, limit) <= one
    assert CAPS.pressed(one, limit) <= CAPS.pressed(one, limit + 1.0)


@given(log_odds=st.floats(-60, 60), floor=st.floats(-3, 3), width=st.floats(0.1, 6))
def test_who_may_be_possible_is_not_pressed_out_of_it(log_odds: float, floor: float, width: float) -> None:
    pressed = CAPS.pressed(log_odds, floor + width, floor)
    assert (pressed >= floor) == (log_odds >= floor)
    assert pressed >= CAPS.pressed(log_odds, floor)


def test_network_and_moment_together_stay_below_possible() -> None:
    assert CAPS.most({"network": 99.0, "moment": 99.0}) == "none"


def test_names_never_alert_alone_against_an_official_list() -> None:
    listed: tuple[Condition, ...] = ("official-list",)
    assert CAPS.most({"names": 99.0, "moment": 99.0}, listed) == "none"
    assert CAPS.most({"names": 99.0}) == "possible"


@pytest.mark.parametrize(
    "row",
    [
        Cap(needs={}, most="possible"),
        Cap(needs={"names": 0.1}, most="possible"),
        Cap(needs={"network": 5.0, "moment": 5.0}, most="possible"),
        Cap(needs={"moment": 9.0}, most="possible"),
        Cap(needs={"names": 12.0}, most="possible"),
    ],
    ids=["of nothing", "of next to nothing", "of circumstances", "of the moment", "of names on a list"],
)
def test_a_row_that_may_not_be_is_refused_when_a_table_is_read(row: Cap) -> None:
    table = msgspec.structs.replace(WEIGHTS, caps=Caps((*CAPS.rows, row)))
    with pytest.raises(UnusableWeights, match=rf"caps\.rows\.{len(CAPS.rows)}"):
        read_weights(msgspec.json.encode(table))


def test_an_unknown_ground_is_refused() -> None:
    raw = msgspec.json.encode(WEIGHTS).replace(b'"values":12.0', b'"astrology":12.0')
    with pytest.raises(UnusableWeights, match="astrology"):
        read_weights(raw)


@pytest.mark.parametrize("level", [{"m": 0.5, "u": 0.1, "floor": -1.0}, {"m": 0.1, "u": 0.5, "ceiling": 1.0}])
def test_a_level_keeps_its_sign(level: dict[str, float]) -> None:
    table = msgspec.json.decode(msgspec.json.encode(WEIGHTS))
    table["signals"]["bio"]["levels"]["partly-same"] = level
    with pytest.raises(UnusableWeights, match="partly-same"):
        read_weights(msgspec.json.encode(table))


def test_weights_of_levels_are_what_they_were_shipped_for() -> None:
    for signal in WEIGHTS.signals.values():
        for row in signal.levels.values():
            assert math.copysign(1.0, row.match_weight() or 1.0) == (1.0 if row.agrees else -1.0) or (
                row.match_weight() == 0.0
            )


def test_a_part_of_a_name_never_alerts_alone_and_a_whole_one_may() -> None:
    whole = Account(platform="x", account_id="1", handle="zarghunwaziristani")
    part = Account(platform="x", account_id="2", handle="zarghunwaziristani_of")
    few = Counted(bans=0, accounts=0, seed=0)
    assert scored(replace(whole, account_id="2"), whole, few, None).band == "possible"
    told = scored(part, whole, few, None)
    assert told.band == "none"
    assert "none of them is rare and the same as a whole" in told.lines[-1].because


def test_a_whole_word_that_no_list_knows_asks_for_a_month_beside_it() -> None:
    banned = Account(platform="x", account_id="1", handle="qaztharwu")
    few = Counted(bans=0, accounts=0, seed=0)
    bands = [scored(replace(banned, account_id="2"), banned, few, days * 86_400.0).band for days in (20, 200)]
    assert bands == ["possible", "none"]


@pytest.mark.parametrize("handle", ["ahmet_soylu", "olgaandreyev", "mohamed_said_jama", "rizwan.agha"])
def test_a_handle_made_of_names_that_many_bear_never_alerts_alone(handle: str) -> None:
    few = Counted(bans=0, accounts=0, seed=0)
    banned = Account(platform="x", account_id="1", handle=handle)
    named = replace(banned, display_name=handle.replace("_", " ").title())
    for one in (banned, named):
        assert scored(replace(one, account_id="2"), one, few, None).band == "none"
    a_day_after = scored(replace(banned, account_id="2"), banned, few, 8e4)
    assert a_day_after.band != "none", "but beside the moment"


def test_a_whole_name_stays_whole_where_a_part_across_fields_weighs_more() -> None:
    """In a table of one's own; one more agreeing field takes no alert away."""
    crossing = WEIGHTS.signals["crossing"]
    levels = {
        **crossing.levels,
        "spells-it": msgspec.structs.replace(crossing.levels["spells-it"], ceiling=4.0),
        "part": msgspec.structs.replace(crossing.levels["part"], m=1.0),
    }
    rows = (Cap({"names": 4.0}, "possible", ("official-list", "names-in-part")),)
    weights = msgspec.structs.replace(
        WEIGHTS,
        mirror_rate=0.9,
        bans_min=1,
        caps=Caps(rows),
        signals={**WEIGHTS.signals, "crossing": msgspec.structs.replace(crossing, levels=levels)},
    )
    banned = Account(platform="x", account_id="1", display_name="Zarghun Waziristani", handle="qvxtbrzk")
    ours = Account(platform="x", account_id="2", handle="zarghunwaziristani")
    named = replace(ours, display_name="Qvxtbrzkplm")
    both = [
        score(distil(one, keyer, at=None), distil(banned, keyer, at=None), weights, NothingCounted(1))
        for one in (ours, named)
    ]
    levels_told = [{line.level for line in one.lines if line.signal == "crossing"} for one in both]
    assert levels_told == [{"spells-it"}, {"part"}], "the part weighs more"
    assert [one.band for one in both] == ["possible", "possible"]
