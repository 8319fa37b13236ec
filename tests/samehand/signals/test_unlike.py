"""Names that are told unlike are compared with nothing found, whichever of the two is the new one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from samehand.account import Account
from samehand.fingerprint import distil
from samehand.frequency import NothingCounted
from samehand.signals.crossing import CROSSING, Names, names_of
from samehand.signals.finding import Finding
from samehand.signals.handle import HANDLE
from samehand.signals.name import NAME
from samehand.signals.sight import Sight
from tests.samehand.signals.test_contract import keyer

# Short words, words that decorate, twins by a letter, by sound and by script, numbers; glued or apart.
WORDS = [
    *(
        "ali",
        "al",
        "bo",
        "umar",
        "omar",
        "ummar",
        "waziri",
        "vaziry",
        "gulzar",
        "guljar",
        "media",
        "official",
    ),
    *(
        "tv",
        "fans",
        "m3dia",
        "1lyas",
        "عمر",
        "وزیری",
        "умар",
        "zarghun",
        "arnold",
        "amold",
        "786",
        "91823746",
    ),
]
GLUE = st.sampled_from(["", "_", ".", " "])
SIGHT = Sight(NothingCounted(), ("latin", "latin"), ("x", "x"))


@st.composite
def written(draw: st.DrawFn) -> str:
    glue = draw(GLUE)
    return glue.join(draw(st.lists(st.sampled_from(WORDS) | st.text("aliomrwz1", max_size=6), max_size=4)))


def names(handle: str, display_name: str) -> Names:
    account = Account(platform="telegram", account_id="1", handle=handle, display_name=display_name)
    fingerprint = distil(account, keyer, at=None)
    return names_of(fingerprint.trait("handle"), fingerprint.trait("name"))


def level(found: Finding | None) -> str | None:
    return None if found is None else found.level


@settings(max_examples=1_000)
@given(written(), written(), written(), written())
def test_what_is_unlike_shares_nothing(handle: str, name: str, other_handle: str, other_name: str) -> None:
    one, other = names(handle, name), names(other_handle, other_name)
    if one.handle and other.handle and HANDLE.unlike(one.handle, other.handle):
        for handles in ((one.handle, other.handle), (other.handle, one.handle)):
            assert level(HANDLE.compare(*handles, SIGHT)) in (None, "different")
    if one.name and other.name and NAME.unlike(one.name, other.name):
        for pair in ((one.name, other.name), (other.name, one.name)):
            assert level(NAME.compare(*pair, SIGHT)) == "different"
    if CROSSING.unlike(one, other):
        assert CROSSING.compare(one, other, SIGHT) is None
        assert CROSSING.compare(other, one, SIGHT) is None


def test_strangers_names_are_unlike() -> None:
    (handle, name), (other_handle, other_name) = (
        names("zarghun_kakar", "Zarghun Kakar"),
        names("mirgul_orakzai_77", "Mirgul Orakzai"),
    )
    assert handle is not None
    assert name is not None
    assert other_handle is not None
    assert other_name is not None
    assert HANDLE.unlike(handle, other_handle)
    assert NAME.unlike(name, other_name)
    assert CROSSING.unlike(Names(handle, name), Names(other_handle, other_name))
