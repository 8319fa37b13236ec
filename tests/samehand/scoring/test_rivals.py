"""What else it could be: the laws that hold for every pair, whatever the rival, the counts and the moment."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from samehand.account import Account, Avatar
from samehand.errors import UnusableWeights
from samehand.fingerprint.distil import distil
from samehand.frequency.rates import LATELY, NothingCounted
from samehand.keys import KeyKind
from samehand.scoring.evidence import Score
from samehand.scoring.rivals import RATED, RIVALS
from samehand.scoring.score import _compared, score
from samehand.scoring.weights import Weights, default_weights, read_weights
from samehand.signals import PAIRWISE, SIGNALS
from samehand.signals.context import ComparisonContext
from samehand.watchlist.platforms import ORGANISATIONS
from tests.samehand.makers import keyer
from tests.samehand.scoring.test_upper_bound import AT, Counted, accounts, ages, counted, picture, tables
from tests.tables import for_each

WEIGHTS: Final = default_weights()
DAY: Final = 86_400.0
DEVICE: Final = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
BANS: Final = (1, 300, 20_000, 1_000_000)
PICTURE: Final = Avatar(pdq=bytes(range(0, 256, 8)), quality=90)


def scored(
    ours: Account, theirs: Account, counts: Any, age: float | None, weights: Weights = WEIGHTS
) -> Score:
    at = None if age is None else AT - age
    return score(distil(ours, keyer, at=AT), distil(theirs, keyer, at=at), weights, counts)


def told(ours: Account, theirs: Account, counts: Any, age: float | None, weights: Weights = WEIGHTS) -> float:
    return scored(ours, theirs, counts, age, weights).log_odds


def changed(account: Account, field: str, value: Any) -> Account:
    return replace(account, **{field: value})


class Lately(Counted):
    """Counts of which all or a tenth of the accounts are the latest, and each crowd is of today."""

    def __init__(self, bans: int, accounts: int, seed: int, part: int) -> None:
        super().__init__(bans, accounts, seed)
        self._latest = accounts // part

    def accounts(self, stratum: str) -> int:
        return self._latest if stratum == LATELY else super().accounts(stratum)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        crowd = super().count(kind, value, stratum)
        return min(crowd, self._latest) if stratum == LATELY else crowd


with_crowds = st.builds(
    Lately,
    bans=st.sampled_from((0, 300, 100_000, 1_000_000)),
    accounts=st.sampled_from((0, 400, 90_000)),
    seed=st.integers(0, 255),
    part=st.sampled_from((1, 10)),
)

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
    ours=accounts,
    theirs=accounts,
    counts=with_crowds,
    age=ages,
    field=st.sampled_from(sorted(UNLIKE)),
    weights=tables,
)
def test_to_agree_in_one_more_fact_never_lowers_a_pair_and_to_differ_never_raises_it(
    ours: Account, theirs: Account, counts: Counted, age: float | None, field: str, weights: Weights
) -> None:
    silent = told(changed(ours, field, None), theirs, counts, age, weights)
    assert told(changed(ours, field, UNLIKE[field]), theirs, counts, age, weights) <= silent + 1e-9
    # Who takes over the handle that its profile named names itself.
    takes_it_over = field == "handle" and "@" in (ours.bio or "")
    if getattr(theirs, field) is not None and not takes_it_over:
        same = changed(ours, field, getattr(theirs, field))
        assert told(same, theirs, counts, age, weights) >= silent - 1e-9


@settings(max_examples=4 * EXAMPLES)
@given(ours=accounts, theirs=accounts, counts=with_crowds, age=ages)
def test_no_pair_scores_higher_than_an_account_against_itself(
    ours: Account, theirs: Account, counts: Counted, age: float | None
) -> None:
    other = scored(replace(ours, platform=theirs.platform), theirs, counts, age)
    # Nobody names itself as somebody else, and who shows two names does not spell one in the other.
    mine, banned = distil(ours, keyer, at=AT), distil(theirs, keyer, at=None)
    context = ComparisonContext(counts, ("latin",) * 2, ("x", "x"), shipped=WEIGHTS.rates(0))
    lines = _compared(mine, banned, context, WEIGHTS)  # also those that say nothing beside another
    assume(all(line.signal != "crossing" for line in lines))
    assume(NAMING.isdisjoint(one.level for line in lines for one in (line.comparison, *line.comparison.also)))
    assert told(theirs, theirs, counts, age) >= other.log_odds - 1e-9


@settings(max_examples=3 * EXAMPLES)
@given(
    ours=accounts,
    theirs=accounts,
    counts=counted,
    sooner=st.floats(0, 9e7),
    later=st.floats(0, 9e7),
    weights=tables,
)
def test_to_come_sooner_never_lowers_a_pair(
    ours: Account, theirs: Account, counts: Counted, sooner: float, later: float, weights: Weights
) -> None:
    sooner, later = sorted((sooner, later))
    assert told(ours, theirs, counts, sooner, weights) >= told(ours, theirs, counts, later, weights) - 1e-9


@settings(max_examples=3 * EXAMPLES)
@given(ours=accounts, theirs=accounts, counts=counted, age=ages)
def test_prior_and_lines_sum_to_the_odds_against_all_rivals(
    ours: Account, theirs: Account, counts: Counted, age: float | None
) -> None:
    result = scored(ours, theirs, counts, age)
    assert math.fsum([result.prior, *(line.weight for line in result.lines)]) == pytest.approx(
        result.log_odds, abs=1e-9
    )
    (others,) = [line for line in result.lines if line.level == "other-explanations"]
    assert -math.log(len(RIVALS)) - 1e-9 <= others.weight <= 0.0
    assert sum(one.share for one in result.rivals) == pytest.approx(1.0)
    shares = [one.share for one in result.rivals]
    assert shares == sorted(shares, reverse=True)
    assert {one.name for one in result.rivals} == {one.name for one in RIVALS}
    assert others.weight == pytest.approx(math.log(shares[0]), abs=1e-9)


@given(ours=accounts, theirs=accounts, counts=counted, age=ages, seed=st.integers(0, 5))
def test_the_order_of_rivals_and_rows_does_not_matter(
    ours: Account, theirs: Account, counts: Counted, age: float | None, seed: int
) -> None:
    names = [one.name for one in RATED]
    turned = {name: WEIGHTS.rivals[name] for name in (*names[seed:], *names[:seed])}
    signals = dict(reversed(WEIGHTS.signals.items()))
    other = msgspec.structs.replace(WEIGHTS, rivals=turned, signals=signals)
    assert scored(ours, theirs, counts, age, other) == scored(ours, theirs, counts, age)


@for_each("shown", [{"email": "umar@example.org"}, {"payment_token": "tok_1QxYz8"}])
@for_each("age", [None, 66 * DAY, 700 * DAY])
def test_a_value_that_belongs_to_somebody_keeps_its_odds_however_many_are_banned(
    shown: dict[str, str], age: float | None
) -> None:
    one = Account(platform="x", account_id="1", **shown)  # type: ignore[arg-type]  # text fields
    found = [told(one, one, NothingCounted(bans), age) for bans in (100, 3_000, 100_000, 1_000_000)]
    assert max(found) - min(found) <= 0.4
    assert WEIGHTS.band(WEIGHTS.probability(min(found))) != "none"


@given(letters=st.text("bcdfghklmnprstvw", min_size=1, max_size=12))
def test_letters_behind_a_handle_lower_it_by_no_more_than_so_much_each(letters: str) -> None:
    banned = Account(platform="x", account_id="1", handle="zarghunwaziristani")
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


SHIPPED: Final = msgspec.json.decode(
    resources.files("samehand.scoring").joinpath("weights.json").read_bytes()
)
# What no single pair shows: a cap of counts that are not drawn here.
UNSEEN: Final = frozenset({("bands", "likely"), ("bands", "possible")})


def probes() -> list[tuple[Account, Account, Any, float | None]]:
    """Pairs that show every level, in stores where they are priced one way and another."""
    found: list[tuple[Account, Account, Any, float | None]] = []
    for signal in (*SIGNALS, *PAIRWISE):
        found += [
            (example.ours, example.theirs, NothingCounted(bans), None)
            for example in getattr(signal, "examples", ())
            for bans in (1, 20_000)
        ]
    one = Account(
        platform="x",
        account_id="1",
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
    bare = Account(platform="x", account_id="1")
    for age in (60.0, 1800.0, 4e4, 4e5, 2e6, 6e6, 2e7, 9e7, -3e4, -1e6, -9e6):
        for field in ("handle", "display_name", "phone", "device_id", "payment_token", "ip"):
            shown = Account(platform="x", account_id="1", **{field: getattr(one, field)})
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
    )
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
    whole = bytes(range(0, 256, 8))
    for bits in (0, 55, 70):
        pdq = (int.from_bytes(whole, "big") ^ ((1 << bits) - 1)).to_bytes(32, "big")
        mine, other = (replace(bare, avatar=Avatar(pdq=each, quality=90)) for each in (pdq, whole))
        found.append((mine, other, Few(), None))
    bios = ("the old channel is gone, new account of @zarghunkakar", "mirror of @zarghunkakar since 2020")
    found += [(replace(bare, bio=bio), one, NothingCounted(300), None) for bio in bios]
    return found


class Few:
    """A million accounts counted, and only the pair with any value."""

    bans = 300

    def accounts(self, stratum: str) -> int:
        return 1_000_000

    def count(self, kind: Any, value: bytes, stratum: str) -> int:
        return 2


def table_with(path: tuple[str | int, ...]) -> Weights:
    table = msgspec.json.decode(msgspec.json.encode(SHIPPED))
    place = table
    for name in path[:-1]:
        place = place[name]
    number = place[path[-1]]
    # Shares stay shares; a threshold above 1 - 1/4 is lowered.
    place[path[-1]] = type(number)(number * (0.75 if number > 0.5 else 1.25))
    return read_weights(msgspec.json.encode(table))


@for_each("path", [it for it in numbers(SHIPPED) if it not in UNSEEN])
def test_every_number_of_the_shipped_table_changes_a_line(path: tuple[str | int, ...]) -> None:
    try:
        other = table_with(path)
    except UnusableWeights:
        return  # a number that may not be changed so far is not ignored
    shipped = as_shipped()
    assert any(scored(*probe, other) != shipped[at] for at, probe in enumerate(PROBES)), path


PROBES: Final = probes()


@cache
def as_shipped() -> list[Score]:
    """What each probe scores under the shipped table."""
    return [scored(*one) for one in PROBES]


@for_each("signal", WEIGHTS.signals)
def test_against_every_rival_an_agreement_speaks_for_and_a_difference_against(signal: str) -> None:
    table = WEIGHTS.signals[signal]
    for level, row in table.levels.items():
        for rival, limit in enumerate(table.limits[level]):
            assert limit >= 0.0 if row.agrees else limit <= 0.0, (level, RIVALS[rival].name)


def test_a_closer_level_is_explained_no_more_than_a_laxer_one() -> None:
    table = msgspec.json.decode(msgspec.json.encode(SHIPPED))
    table["signals"]["name"]["levels"]["same-name"]["explained"] = {"household": 1.0}
    with pytest.raises(UnusableWeights, match="household explains same-name more than"):
        read_weights(msgspec.json.encode(table))


def test_a_laxer_level_is_multiplied_by_no_more_than_a_closer_one() -> None:
    table = msgspec.json.decode(msgspec.json.encode(SHIPPED))
    table["signals"]["network"]["levels"]["same-prefix"]["multiplier"] = 1.1
    with pytest.raises(UnusableWeights, match="the multiplier of same-address is below that of same-prefix"):
        read_weights(msgspec.json.encode(table))


def test_a_table_of_the_former_form_is_refused_with_what_to_change() -> None:
    former = {**SHIPPED, "caps": {"rows": []}}
    with pytest.raises(UnusableWeights, match="delete caps"):
        read_weights(msgspec.json.encode(former))


@for_each(
    ("shown", "age", "rival"),
    [
        ({"device_id": DEVICE, "ip": "39.40.12.7"}, 60 * DAY, "household"),
        ({"ip": "39.40.12.7"}, 600.0, "neighbour"),
        ({"handle": "zarghunwaziristani"}, 600.0, "namesake"),
        ({"phone": "+923012345678"}, 700 * DAY, "former-holder"),
        (
            {"avatar": Avatar(pdq=bytes(range(0, 256, 8)), quality=90), "handle": "zarghunkakar"},
            None,
            "copier",
        ),
        ({"display_name": "Ali Khan"}, None, "stranger"),
    ],
)
def test_the_strongest_rival_is_the_one_that_explains_most(
    shown: dict[str, Any], age: float | None, rival: str
) -> None:
    one = Account(platform="x", account_id="1", **shown)
    result = scored(one, one, NothingCounted(300), age)
    assert result.rivals[0].name == rival
    assert result.rivals[0].sentence.endswith(".")


class Throwaways:
    """A platform of 300 bans and 200 sign-ups a day, and so many sign-ups more behind one address."""

    bans = 300

    def __init__(self, throwaways: int) -> None:
        self._throwaways = throwaways

    def accounts(self, stratum: str) -> int:
        return self._throwaways + (200 if stratum == LATELY else 20_000)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return 1 + self._throwaways if kind in (KeyKind.ADDRESS, KeyKind.PREFIX) else 1


@for_each("throwaways", [61, 700])
@for_each("address", ["39.40.12.7", "39.40.12.200"])
@for_each(
    ("banned", "mirror"),
    [
        ({"avatar": PICTURE}, {"avatar": PICTURE}),
        ({"handle": "zarghun_kakar"}, {"handle": "xx_zarghun_kakar_xx"}),
        ({"phone": "+923012345678"}, {"phone": "+923012345699"}),
    ],
)
def test_throwaways_behind_the_address_of_one_ban_hide_no_mirror(
    banned: dict[str, Any], mirror: dict[str, Any], address: str, throwaways: int
) -> None:
    theirs = Account(platform="x", account_id="1", ip="39.40.12.7", **banned)
    ours = Account(platform="x", account_id="2", ip=address, **mirror)
    found = scored(ours, theirs, Throwaways(throwaways), 6 * 3_600.0)
    assert found.band != "none"
    assert found.log_odds >= told(replace(ours, ip=None), theirs, Throwaways(throwaways), 6 * 3_600.0)


class ManyNamesakes:
    """20,000 bans; of three million accounts 1,500 bear each name, and the pair alone any other value."""

    bans = 20_000

    def accounts(self, stratum: str) -> int:
        return 3_000_000

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return 1_500 if kind in (KeyKind.HANDLE_FULL, KeyKind.STEM, KeyKind.WORD) else 2


BROWSER: Final = "Mozilla/5.0 (Linux; Android 13; SM-A536B) Chrome/120.0.0.0 Mobile Safari/537.36"
NAMESAKE: Final = {"handle": "maria.garcia", "display_name": "Maria Garcia"}
INVITED: Final = {"handle": "john_smith", "display_name": "John Smith", "referrer": "invite:7GQ2"}


@for_each(
    ("without", "shown", "other", "days", "bands"),
    [
        ("group_shares.name", NAMESAKE, {"handle": "maria_garcia7"}, 1, ("none", "possible")),
        ("agent.same", NAMESAKE | {"user_agent": BROWSER}, {}, 30, ("none", "likely")),
        ("referrer.same", INVITED, {"handle": "kite77"}, 60, ("none", "possible")),
        ("handle.same-number", {"handle": "salma739184"}, {"handle": "kite_739184"}, 2, ("none", "possible")),
        ("avatar.alike-pictures", {"avatar": PICTURE}, {"avatar": picture(55)}, 1, ("none", "possible")),
        ("avatar.distantly-alike", {"avatar": PICTURE}, {"avatar": picture(70)}, 1 / 144, ("none", "likely")),
    ],
)
def test_each_share_and_ceiling_keeps_a_pair_in_a_lower_band(
    without: str, shown: dict[str, Any], other: dict[str, Any], days: float, bands: tuple[str, str]
) -> None:
    table = msgspec.json.decode(msgspec.json.encode(SHIPPED))
    signal, level = without.split(".")
    if signal == "group_shares":
        del table["group_shares"][level]
    else:
        del table["signals"][signal]["levels"][level]["ceiling"]
    theirs = Account(platform="x", account_id="1", **shown)
    ours = replace(theirs, **other)
    tables = (WEIGHTS, read_weights(msgspec.json.encode(table)))
    found = tuple(scored(ours, theirs, ManyNamesakes(), days * DAY, each).band for each in tables)
    assert found == bands


@for_each(("signal", "rival"), [("name", "neighbour"), ("network", "namesake")])
def test_a_value_weighs_less_against_a_rival_among_whose_people_it_is_commoner(
    signal: str, rival: str
) -> None:
    one = Account(platform="x", account_id="1", display_name="Zarghun Kakar", ip="39.40.12.7")
    fingerprint = distil(one, keyer, at=AT)
    context = ComparisonContext(NothingCounted(300), ("latin",) * 2, ("x", "x"), shipped=WEIGHTS.rates(300))
    (line,) = [it for it in _compared(fingerprint, fingerprint, context, WEIGHTS) if it.signal == signal]
    against = dict(zip([it.name for it in RIVALS], line.against, strict=True))
    commoner = WEIGHTS.signals[signal].commoner[rival]
    assert against[rival] == pytest.approx(against["stranger"] - math.log(commoner))


def test_what_a_rival_explains_is_told_as_such_and_not_as_counter_evidence() -> None:
    one = Account(platform="x", account_id="1", device_id=DEVICE)
    result = scored(one, one, NothingCounted(300), 60 * DAY)
    (line,) = [line for line in result.lines if line.signal == "device"]
    assert line.because == "Both accounts were made on the same device. A household explains it."
    assert line in result.evidence
    assert line not in result.counter_evidence


@for_each("bans", BANS)
def test_a_household_is_not_likely_two_days_after_and_one_who_is_back_at_once_is(bans: int) -> None:
    """Device and address, all else different."""
    banned = Account(
        platform="x", account_id="1", handle="zarghun_k", device_id=DEVICE, ip="39.40.12.7", email="z@k.org"
    )
    other = replace(banned, account_id="2", handle="mirgul.banaras", email="m@b.org")
    bands = [scored(other, banned, NothingCounted(bans), age).band for age in (600.0, 2 * DAY, 61 * DAY)]
    assert bands[0] == "likely"
    assert bands[1] != "likely"
    assert bands[2] == "none"
