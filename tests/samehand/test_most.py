"""No pair without names reaches more than it is told to reach at most."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from samehand.fingerprint import distil, pack
from samehand.frequency import NothingCounted
from samehand.most import Most, Tops
from samehand.score import score
from samehand.signals.avatar import ALIKE_BITS, AvatarTrait, distance
from samehand.signals.bio import ALIKE_BYTES, BioTrait
from samehand.weights import default_weights
from tests.samehand.test_hopeless import DAY, NEARLY, ONE, OTHER, Counted, no_keyer

TOPS = Tops(default_weights())
BARE: dict[str, Any] = {"handle": None, "display_name": None, "links": (), "email": None, "phone": None}
BARE |= {"device_id": None, "payment_token": None}
FIELDS = ("platform", "bio", "locale", "ip", "user_agent", "referrer", "avatar")


@settings(max_examples=300)
@given(
    st.fixed_dictionaries(
        {field: st.sampled_from([getattr(ONE, field), getattr(OTHER, field)]) for field in FIELDS}
    ),
    st.sampled_from([*NEARLY["avatar"], ONE.avatar]),
    st.sampled_from([60.0, 20 * DAY, -DAY, -20 * DAY]),
    st.tuples(st.sampled_from([0, 20_000, 10**7]), st.sampled_from([0, 1_000, 10**7])),
)
def test_no_pair_reaches_more(
    changed: dict[str, Any], picture: Any, after: float, counted: tuple[int, int]
) -> None:
    # No contact point, which would be an agreement of its own.
    one = replace(ONE, **BARE, bio="Poems, news and photographs of the northern valley, every day at seven.")
    changed["bio"] = one.bio if changed["bio"] == ONE.bio else changed["bio"]
    mine = distil(replace(one, avatar=picture), no_keyer, at=after)
    other = distil(replace(one, **changed, account_id="2"), no_keyer, at=0.0)
    frequencies = Counted(*counted)
    shown, there = mine.trait("avatar"), other.trait("avatar")
    text, said = mine.trait("bio"), other.trait("bio")
    assert isinstance(shown, AvatarTrait)
    assert isinstance(there, AvatarTrait)
    assert isinstance(text, BioTrait)
    assert isinstance(said, BioTrait)
    same = sum(a == b for a, b in zip(text.signature, said.signature, strict=True))
    told = Most(TOPS, mine, frequencies).beside_names(
        pack(other),
        picture=distance(shown.pdq, there.pdq) <= ALIKE_BITS,
        text=said if same >= ALIKE_BYTES else None,
    )
    for new, old in ((mine, other), (other, mine)):
        assert score(new, old, TOPS.weights, frequencies).log_odds <= told + 1e-9


def test_a_table_that_never_alerts_alone_on_anything_else_is_not_told() -> None:
    assert TOPS.sound
    signals = dict(default_weights().signals)
    signals["email"] = msgspec.structs.replace(signals["email"], never_alone=True)
    assert not Tops(msgspec.structs.replace(default_weights(), signals=signals)).sound


def test_what_a_rate_allows_falls_with_the_rate() -> None:
    rates = [TOPS.at("avatar", rate) for rate in (1e-9, 1e-6, 1e-3, 1.0)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 0.0


def test_more_bans_leave_less_to_reach() -> None:
    one = distil(OTHER, no_keyer, at=None)
    few, many = (
        Most(TOPS, one, NothingCounted(bans)).beside_names(pack(one), picture=False, text=None)
        for bans in (1_000, 10**6)
    )
    assert many < few
