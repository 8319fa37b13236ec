"""No pair is set aside that would have alerted, and most pairs of strangers are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import Mock
from zlib import crc32

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samehand.account import Account, Avatar
from samehand.errors import UnreadableFingerprint
from samehand.fingerprint import Fingerprint, distil, pack
from samehand.frequency import Frequencies, NothingCounted
from samehand.hopeless import Sieve
from samehand.keys import KeyKind
from samehand.score import score
from samehand.weights import Bands, Row, default_weights

# A policy that alerts on half the evidence: what is set aside must be hopeless there, too.
WEIGHTS = msgspec.structs.replace(default_weights(), policy_bands={"eager": Bands(likely=0.3, possible=0.2)})
SIEVE = Sieve(WEIGHTS)
NOTHING = NothingCounted()
DAY = 86_400.0

ONE = Account(
    platform="x",
    account_id="1",
    handle="zarghun_kakar_writes",
    display_name="Zarghun Kakar",
    bio="Poems, news and photographs of the northern valley, every day at seven. Write to t.me/zarghun_kakar",
    links=("https://zarghun-kakar.example/poems",),
    locale="ps-AF",
    email="zarghun.kakar@gmail.com",
    phone="+93701234567",
    device_id="6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b",
    ip="39.40.12.7",
    user_agent="Mozilla/5.0 (Linux; Android 13; SM-A536B) Chrome/120.0.0.0 Mobile Safari/537.36",
    payment_token="card-8812-tok",
    referrer="invite-771",
    avatar=Avatar(pdq=bytes(range(0, 256, 8)), quality=90),
)
OTHER = Account(
    platform="telegram",
    account_id="2",
    handle="mirgul_orakzai_77",
    display_name="Mirgul Orakzai",
    bio="I bake bread in Lahore, repair bicycles and write about my two cats and nothing else at all.",
    links=("https://bicycles.example",),
    locale="ur-PK",
    email="mirgul@mailinator.com",
    phone="+923017654321",
    device_id="0b7d5a34-9c11-4c0e-8a57-2f4e6b1c3d99",
    ip="81.2.69.142",
    user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) Version/17.4 Safari/604.1",
    payment_token="card-1-tok",
    referrer="invite-2",
    avatar=Avatar(pdq=bytes(range(255, -1, -8)), quality=90),
)
FIELDS = [name for name in Account.__dataclass_fields__ if name not in ("account_id", "already_keyed")]
NEARLY: dict[str, list[object]] = {
    "handle": ["zarghun_kakar_writes2", "zarghunkakar", "writes_zarghun", "zargun_kakar_writes", "zk_fans"],
    "display_name": ["Zarghun Kakar fans", "Zargun Kakar", "Kakar Zarghun", "zarghun kakar writes"],
    "bio": [
        "mail zarghun.kakar@gmail.com or call +93701234567",
        "mail mirgul@mailinator.com",
        "Poems, news and photographs of the northern valley",
        "see x.com/zarghun_kakar_writes",
        "hi",
    ],
    "email": ["zarghun.kakar@proton.me", "zarghunkakar+2@gmail.com", "a@mailinator.com"],
    "phone": ["+93701234599"],
    "ip": ["39.40.12.9"],
    "avatar": [Avatar(pdq=bytes(range(0, 256, 8))[:-1] + b"\x00", quality=90)],
}


def no_keyer(domain: str, value: bytes) -> bytes:
    return (domain.encode() + value)[-10:].ljust(10, b"\0")


def seen(account: Account, at: float | None) -> Fingerprint:
    return distil(account, no_keyer, at=at)


@st.composite
def likenesses(draw: st.DrawFn) -> Account:
    """ONE, each field kept, lost, taken from OTHER or nearly the same."""
    changed: dict[str, Any] = {}
    for name in FIELDS:
        values: list[object] = [getattr(ONE, name), getattr(OTHER, name)]
        values += NEARLY.get(name, [])
        if name != "platform":
            values.append(() if name == "links" else None)
        changed[name] = draw(st.sampled_from(values))
    return replace(ONE, account_id="2", **changed)


@dataclass(frozen=True)
class Counted:
    """So many bans, and a count of every value that is any of some."""

    bans: int
    counted: int

    def accounts(self, stratum: str) -> int:
        return self.counted

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return (0, 2, 40, self.counted // 3)[crc32(value) % 4]


def hopeless(mine: Fingerprint, other: Fingerprint, frequencies: Frequencies = NOTHING) -> bool:
    (told,) = SIEVE.hopeless_among([mine], [pack(other)], frequencies)
    return told


@settings(max_examples=400)
@given(
    likenesses(),
    likenesses(),
    st.sampled_from([None, 60.0, DAY, 20 * DAY, -DAY]),
    st.sampled_from([0, 500, 20_000, 10**6, 10**9]),
    st.sampled_from([0, 1_000, 10**7]),
)
def test_what_is_set_aside_would_never_have_alerted(
    ours: Account, theirs: Account, after: float | None, bans: int, counted: int
) -> None:
    """Neither as the new account nor as the banned one, by the thresholds of any policy."""
    mine, other = seen(ours, after), seen(theirs, None if after is None else 0.0)
    frequencies = Counted(bans, counted)
    if hopeless(mine, other, frequencies):
        for new, old in ((mine, other), (other, mine)):
            for policy in (None, "eager"):
                assert score(new, old, WEIGHTS, frequencies, policy=policy).band == "none"


def test_an_address_in_a_profile_is_looked_at_only_where_it_is_the_others_own() -> None:
    names_nobody = replace(OTHER, bio="I bake bread in Lahore. Orders: somebody.else@example.org")
    names_one = replace(OTHER, bio="I bake bread in Lahore. Orders: zarghun.kakar@gmail.com")
    for told, bio in ((True, names_nobody), (False, names_one)):
        assert hopeless(seen(bio, None), seen(ONE, None)) is told


@given(likenesses(), st.lists(st.tuples(likenesses(), st.sampled_from([1, 2, 3])), max_size=9))
def test_many_records_are_told_as_each_is(ours: Account, others: list[tuple[Account, int]]) -> None:
    """Under either pepper of a rotation; a record of a third one is left to whoever compares it."""
    several = [distil(ours, no_keyer, at=None, pepper_id=pepper) for pepper in (1, 2)]
    theirs = [distil(other, no_keyer, at=None, pepper_id=pepper) for other, pepper in others]
    told = [
        one.pepper_id < 3 and hopeless(replace(several[0], pepper_id=one.pepper_id), one) for one in theirs
    ]
    assert SIEVE.hopeless_among(several, list(map(pack, theirs)), NOTHING) == told


@given(likenesses(), st.integers(0, 400), st.binary(max_size=12))
def test_a_damaged_record_is_told_and_never_raises_anything_else(
    theirs: Account, length: int, behind: bytes
) -> None:
    try:
        SIEVE.hopeless_among([seen(ONE, None)], [pack(seen(theirs, None))[:length] + behind], NOTHING)
    except UnreadableFingerprint:
        pass


def test_strangers_and_namesakes_are_set_aside() -> None:
    assert hopeless(seen(OTHER, None), seen(ONE, None))
    namesake = replace(OTHER, handle=ONE.handle, display_name=ONE.display_name)
    assert hopeless(seen(namesake, None), seen(ONE, None))


def test_who_may_be_back_at_once_is_looked_at() -> None:
    namesake = replace(OTHER, handle=ONE.handle, display_name=ONE.display_name)
    for minutes, told in ((59, False), (61, True)):
        assert hopeless(seen(namesake, 60.0 * minutes), seen(ONE, 0.0)) is told
    assert hopeless(seen(OTHER, 60.0), seen(ONE, 0.0))


def test_one_thing_in_common_beside_the_names_is_looked_at() -> None:
    for field in ("email", "phone", "device_id", "payment_token", "avatar", "bio"):
        other = replace(OTHER, **{field: getattr(ONE, field)})
        assert not hopeless(seen(other, None), seen(ONE, None)), field


def test_a_picture_that_many_show_is_no_hope_where_no_name_is_alike() -> None:
    """Two hundred thousand bans: a picture alone is as far from an alert as a stranger is."""
    silhouette = replace(OTHER, avatar=ONE.avatar)
    many = NothingCounted(200_000)
    assert hopeless(seen(silhouette, 60.0), seen(ONE, 0.0), many)
    assert not hopeless(seen(replace(silhouette, handle="zarghunkakar"), 60.0), seen(ONE, 0.0), many)
    assert not hopeless(seen(replace(silhouette, bio=ONE.bio), 60.0), seen(ONE, 0.0), many)


@pytest.mark.parametrize(
    ("bearers", "counted", "told"), [(0, 0, True), (0, 10**7, False), (10**6, 10**7, True)]
)
def test_a_picture_is_priced_by_who_was_counted_with_it(bearers: int, counted: int, told: bool) -> None:
    """As shipped it is nothing to hope for among 20,000 bans; borne by none of ten million it is."""
    frequencies = Mock(spec_set=NothingCounted, bans=20_000)
    frequencies.accounts.return_value, frequencies.count.return_value = counted, bearers
    silhouette = replace(OTHER, avatar=ONE.avatar)
    assert hopeless(seen(silhouette, 60.0), seen(ONE, 0.0), frequencies) is told


def test_names_alone_are_looked_at_where_nothing_else_is_shown() -> None:
    bare = Account(platform="x", account_id="3", handle="zarghunkakar")
    assert not hopeless(seen(bare, None), seen(ONE, None))
    assert hopeless(seen(replace(bare, handle="quite_another"), None), seen(ONE, None))


def test_a_table_in_which_a_difference_speaks_for_a_pair_spares_nothing() -> None:
    signals = dict(default_weights().signals)
    levels = {**signals["device"].levels, "different": Row(m=0.9, u=0.1)}
    signals["device"] = msgspec.structs.replace(signals["device"], levels=levels)
    odd = Sieve(msgspec.structs.replace(default_weights(), signals=signals))
    assert odd.hopeless_among([seen(OTHER, None)], [pack(seen(ONE, None))], NOTHING) == [False]
