"""A disguised handle shares a key with the original, and a made-up one with nobody."""

from __future__ import annotations

import pytest

from samehand.account import Account
from samehand.fingerprint.distil import distil, enrolment_keys, query_keys
from samehand.keys import Key
from tests.samehand.signals.test_contract import keyer


def listed(handle: str) -> set[Key]:
    return set(enrolment_keys(distil(_called(handle), keyer, at=None)))


def tried(handle: str) -> set[Key]:
    return set(query_keys(distil(_called(handle), keyer, at=None)))


def _called(handle: str) -> Account:
    return Account(platform="forum", account_id="1", handle=handle)


@pytest.mark.parametrize(
    ("banned", "mirror"),
    [
        ("rania_alrubaie", "alrubaie_rania"),  # the a's fall together where the words meet
        ("robert_star72", "star72robert"),  # digits inside are no letters
        ("longhua72", "longhua72official"),
        ("olga_2008", "olg4_2008"),  # a digit at the end that is a letter
        ("li_qin", "li_qinbackup"),
        ("sara786", "sara786_media"),
        ("qian1978", "dark_qian1978"),  # an affix nobody foresaw, on a short word
        ("caspian52325739", "g52325739"),  # a long number is nobody else's
        ("ana608", "aa608"),  # a short word is told by its number
        ("salma_khan91", "zzlma_khan91"),  # two typos, and the number kept
        ("ahmedkamboh1979", "ahmedkamboh1979738"),  # the digits make it look made up
        ("official_umar", "umar"),
        ("waziristan", "wozerustun"),
        ("umar_farooqi", "farooqi.umer"),  # reordered with a typo
        ("wlyfwlyfa", "wlxfwyyfa"),  # two typos between the ends of a handle without a number
        ("waziristani", "noxziristok"),  # five letters in a row kept, wherever they stand
        ("mongoose", "node-mongoose-orm"),  # a word put before and another behind
        ("kuke512", "fbqc_kuke512_uwks"),  # likewise, around too few letters for a run
        ("2007kuke", "fbqc_2007kuke_uwks"),
        ("kuke512", "fbqckuke512uwks"),
        ("kuke512", "fbqc_mukuke512_uwks"),  # of three words the second ends before the number
        ("tarok", "tarok_uwks"),  # letters for one run alone
    ],
)
def test_disguises_share_a_key(banned: str, mirror: str) -> None:
    assert listed(banned) & tried(mirror)


def test_digits_behind_a_handle_hide_nothing() -> None:
    """However much it looks like what a platform makes."""
    assert listed("zarghun") & tried("Zarghun39542212")


def test_a_handle_that_spells_a_banned_display_name_finds_it_and_the_reverse() -> None:
    named = distil(Account(platform="x", account_id="1", display_name="Umar Farooqi"), keyer, at=None)
    assert set(enrolment_keys(named)) & tried("umar_farooqi")
    assert set(query_keys(named)) & listed("umar.farooqi")
