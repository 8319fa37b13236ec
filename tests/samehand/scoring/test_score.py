"""A score never travels without its reasons, and the reasons sum to it exactly."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given

from samehand.account import Account
from samehand.fingerprint.distil import Fingerprint, distil
from samehand.frequency.rates import NothingCounted
from samehand.keys import KeyKind
from samehand.scoring.evidence import Score
from samehand.scoring.score import score
from samehand.scoring.weights import default_weights
from samehand.watchlist.platforms import ORGANISATIONS
from tests.samehand.signals.test_contract import accounts, keyer

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


@pytest.mark.parametrize(
    ("banned", "back"),
    [("umar_media", "um4r_media_2"), ("zarghun_kakar", "zarghun_kakar_backup")],
    ids=["disguised", "decorated"],
)
def test_who_is_back_under_both_names_within_the_hour_is_looked_at_whatever_differs(
    banned: str, back: str
) -> None:
    """Who expects to be looked for by a device changes that; namesakes do not come at once under both."""
    name = banned.replace("_", " ").title()
    ban = an_account(handle=banned, display_name=name, device_id=DEVICE)
    mirror = an_account(handle=back, display_name=name, device_id=DEVICE[:-1])
    assert scored(mirror, ban, apart=5 * 60.0, bans=40).band != "none"
    listed = replace(ban, platform=ORGANISATIONS)
    assert scored(mirror, listed, apart=5 * 60.0, bans=40).band == "none"


@pytest.mark.parametrize("shared", ["device_id", "handle"])
def test_who_is_back_within_minutes_is_shown_for_one_more_reason(shared: str) -> None:
    ban = an_account(handle="zarghunwaziristani", device_id=DEVICE)
    back = an_account(**{shared: getattr(ban, shared)})
    assert scored(back, ban, apart=10 * 60.0, bans=100_000).band == "likely"
    assert scored(back, ban, apart=2 * 365 * 24 * HOUR, bans=100_000).band == "none"


def test_a_stranger_is_nothing() -> None:
    banned = an_account(handle="umar_media", display_name="Umar Media", ip="39.40.12.7")
    stranger = an_account(handle="salma_khan", display_name="Salma Khan", ip="81.2.69.142")
    assert scored(stranger, banned, apart=5 * 60.0).probability < 0.01


@pytest.mark.parametrize(
    "shared",
    [
        {"ip": "39.40.12.7"},
        {"ip": "39.40.12.7", "locale": "ur-PK", "referrer": "invite:7GQ2"},
        {"handle": "ali"},
    ],
    ids=["address", "circumstances", "common handle"],
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
