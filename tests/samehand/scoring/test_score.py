"""A table of weights, and the score of a pair by it."""

from __future__ import annotations

import json
import math
from dataclasses import replace as with_fields
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from samehand.account import Account
from samehand.errors import UnusableWeights
from samehand.fingerprint.distil import Fingerprint, distil
from samehand.frequency.rates import NothingCounted
from samehand.keys import KeyKind
from samehand.scoring.evidence import Score
from samehand.scoring.rivals import RATED
from samehand.scoring.score import score
from samehand.scoring.weights import Bands, default_weights, lacking, read_weights
from samehand.watchlist.platforms import ORGANISATIONS
from tests.samehand.makers import accounts, keyer
from tests.tables import for_each

# The table of weights is checked number by number, and its probabilities behave.


SHIPPED = default_weights()


def a_table(**changes: Any) -> bytes:
    table: dict[str, Any] = {
        "version": "t",
        "mirror_rate": 0.005,
        "bans_min": 100,
        "group_shares": {"name": 0.25},
        "rivals": {one.name: {"rate": 0.01} for one in RATED},
        "signals": {"handle": {"levels": {"same": {"m": 0.1, "u": 1e-6}}}},
    }
    return json.dumps(table | changes).encode()


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_more_evidence_is_never_less_probable(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= SHIPPED.probability(low) <= SHIPPED.probability(high) <= 1.0


@given(st.floats(1e-6, 1 - 1e-6))
def test_log_odds_and_probability_are_each_others_inverse(probability: float) -> None:
    assert SHIPPED.probability(SHIPPED.log_odds_at(probability)) == pytest.approx(probability, rel=1e-9)


def test_the_prior_falls_with_the_bans_but_not_below_the_least_number() -> None:
    assert SHIPPED.prior(1) == SHIPPED.prior(SHIPPED.bans_min) > SHIPPED.prior(10 * SHIPPED.bans_min)


def test_a_policy_may_have_thresholds_of_its_own() -> None:
    weights = replace(SHIPPED, policy_bands={"spam": Bands(0.99, 0.8)})
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
        ({"mirror_rate": 0}, r"> 0\.0 - at `\$\.mirror_rate`"),
        ({"slope": 0}, "slope must be above 0"),
        ({"group_shares": {"name": 2}}, r"<= 1\.0 - at `\$\.group_shares\[\.\.\.\]`"),
        ({"bands": {"likely": 0.4, "possible": 0.5}}, "bands must have .* possible is 0.5 and likely is 0.4"),
        (
            {"policy_bands": {"spam": {"likely": 0.4, "possible": 0.5}}},
            "policy_bands.spam must have .* possible is 0.5",
        ),
        (
            {"signals": {"handle": {"levels": {"same": {"m": 0, "u": 1e-6}}}}},
            r"> 0\.0 - at `\$\.signals.*\.levels.*\.m`",
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
            {"signals": {"handle": {"levels": {"same": {"m": 0.1, "u": 0.1, "u_of_bans": 0.1}}}}},
            "signals.handle.levels.same has both u and u_of_bans",
        ),
        (
            {"signals": {"handle": {"levels": {"different": {"m": 0.5, "u": 0.1}}}}},
            "signals.handle.levels.different is a difference",
        ),
        (
            {"signals": {"handle": {"levels": {}, "explained": {"twin": 1.0}}}},
            "household.neighbour",
        ),
        (
            {"signals": {"handle": {"levels": {}, "explained": {"copier": 0.0}}}},
            r"> 0\.0 - at `\$\.signals.*\.explained",
        ),
        ({"rivals": {}}, "rivals.household is missing"),
        ({"rivals": {one.name: {"rate": 1.0} for one in RATED}, "bans_min": 1}, "in all, above bans_min"),
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
    assert not [name for name, signal in default_weights().signals.items() if not signal.source]


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
    bent = replace(SHIPPED, knots=knots)
    low, high = sorted((one, other))
    assert bent.calibrated(low) <= bent.calibrated(high)
    for probability in (0.001, 0.3, 0.9):
        assert bent.probability(bent.log_odds_at(probability)) == pytest.approx(probability, rel=1e-6)


def test_knots_that_fall_are_refused() -> None:
    with pytest.raises(UnusableWeights, match="knots must rise"):
        read_weights(a_table(knots=[[0.0, 1.0], [1.0, 0.5]]))


def test_a_table_that_lacks_a_row_is_told_from_a_whole_one() -> None:
    assert lacking(SHIPPED) is None
    assert lacking(read_weights(a_table())) is not None


@for_each(
    ("signal", "level", "row", "lacks"),
    [
        ("handle", "same", {"m": 0.1, "u": 1e-6}, "handle.same without u"),
        ("device", "same", {"m": 0.1}, "device.same.u"),
        ("timing", "within-a-day", {"m": 0.1}, "timing.within-a-day.u"),
    ],
)
def test_a_rate_that_nothing_reads_or_that_is_missing_is_named(
    signal: str, level: str, row: dict[str, float], lacks: str
) -> None:
    table = json.loads(msgspec.json.encode(SHIPPED))
    table["signals"][signal]["levels"][level] = row
    if signal == "handle":
        row["explained"] = table["signals"]["handle"]["levels"]["same-handle"]["explained"]
    told = lacking(read_weights(json.dumps(table).encode()))
    assert told is not None
    assert told.startswith(lacks)


# A score never travels without its reasons, and the reasons sum to it exactly.


HOUR = 3600.0
DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


def an_account(**traits: object) -> Account:
    return Account(platform="telegram", account_id="1", **traits)  # type: ignore[arg-type]  # tests state only what matters


def seen(account: Account, at: float | None = None) -> Fingerprint:
    return distil(account, keyer, at=at)


def scored(ours: Account, theirs: Account, *, apart: float | None = None, bans: int = 1000) -> Score:
    at = None if apart is None else 1_000_000.0
    later = None if at is None or apart is None else at + apart
    return score(seen(ours, later), seen(theirs, at), default_weights(), NothingCounted(bans))


class Crowded:
    """A million accounts counted, four thousand of them with every value asked for."""

    bans = 1000

    def accounts(self, stratum: str) -> int:
        return 1_000_000

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return 4_000


class OfOtherLanguages:
    """Five thousand accounts counted, none of them with any name asked for."""

    bans = 1000

    def accounts(self, stratum: str) -> int:
        return 5_000

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return 0


@given(ours=accounts, theirs=accounts)
def test_prior_and_lines_sum_to_the_log_odds(ours: Account, theirs: Account) -> None:
    result = scored(ours, theirs, apart=HOUR)
    total = math.fsum((result.prior, *(line.weight for line in (*result.evidence, *result.counter_evidence))))
    assert abs(total - result.log_odds) < 1e-9
    assert 0.0 <= result.probability <= 1.0


@given(ours=accounts, theirs=accounts)
def test_the_same_pair_gives_the_same_score(ours: Account, theirs: Account) -> None:
    assert scored(ours, theirs) == scored(ours, theirs)


def test_the_mirror_of_the_news_is_likely() -> None:
    banned = an_account(handle="umar_media", display_name="Umar Media", device_id=DEVICE)
    mirror = an_account(handle="um4r_media_2", display_name="Umar Media", device_id=DEVICE)
    assert scored(mirror, banned, apart=5 * 60.0).band == "likely"


@for_each(
    ("banned", "back"),
    [("umar_media", "um4r_media_2"), ("zarghun_kakar", "zarghun_kakar_backup")],
)
def test_who_is_back_under_both_names_within_the_hour_is_looked_at_whatever_differs(
    banned: str, back: str
) -> None:
    """Who expects to be looked for by a device changes that; namesakes do not come at once under both."""
    name = banned.replace("_", " ").title()
    ban = an_account(handle=banned, display_name=name, device_id=DEVICE)
    mirror = an_account(handle=back, display_name=name, device_id=DEVICE[:-1])
    assert scored(mirror, ban, apart=5 * 60.0, bans=40).band != "none"
    listed = with_fields(ban, platform=ORGANISATIONS)
    assert scored(mirror, listed, apart=5 * 60.0, bans=40).band == "none"


@for_each("shared", ["device_id", "handle"])
def test_who_is_back_within_minutes_is_shown_for_one_more_reason(shared: str) -> None:
    ban = an_account(handle="zarghunwaziristani", device_id=DEVICE)
    back = an_account(**{shared: getattr(ban, shared)})
    assert scored(back, ban, apart=10 * 60.0, bans=100_000).band == "likely"
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
    result = score(seen(at), seen(at), default_weights(), Crowded())
    told = [line for line in result.counter_evidence if line.level == "shared-by-many"]
    assert told
    assert "4,000 accounts" in told[0].because


def test_handle_and_name_are_partly_one_fact() -> None:
    both = an_account(handle="umar_farooqi_waziri", display_name="Umar Farooqi Waziri")
    name_alone = an_account(display_name="Umar Farooqi Waziri")
    handle_alone = an_account(handle="umar_farooqi_waziri")
    together = scored(both, both).log_odds
    apart = [scored(one, one).log_odds for one in (name_alone, handle_alone)]
    assert max(apart) < together < sum(apart) - default_weights().prior(1000)


def test_a_common_name_is_not_rare_for_being_counted_among_other_languages() -> None:
    """Where no locale is given, those counted are whoever writes Latin letters, with a name or without."""
    namesakes = an_account(display_name="Imran Mehsud")
    among_others = score(seen(namesakes), seen(namesakes), default_weights(), OfOtherLanguages())
    (shipped,) = [line for line in scored(namesakes, namesakes).lines if line.signal == "name"]
    (counted,) = [line for line in among_others.lines if line.signal == "name"]
    assert counted.weight == shipped.weight


def test_more_bans_make_each_less_likely() -> None:
    same = an_account(handle="umar_media_waziristan")
    assert scored(same, same, bans=1_000_000).log_odds < scored(same, same, bans=1_000).log_odds


def test_one_household_alone_does_not_alert() -> None:
    """A sibling signs up on the family's tablet, two months after the ban."""
    family = an_account(device_id=DEVICE, ip="39.40.12.7", email="zarghun@gmail.com")
    child = an_account(device_id=DEVICE, ip="39.40.12.7", email="mirgul@gmail.com")
    result = scored(child, family, apart=60 * 24 * HOUR)
    assert result.band == "none"
    assert result.rivals[0].name == "household"
    device = next(line for line in result.evidence if line.signal == "device")
    assert device.because.endswith("A household explains it.")


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
