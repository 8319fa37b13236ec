"""Handles: which likeness explains a pair, and which may alert with nothing else."""

from __future__ import annotations

from samehand.account import Account
from samehand.scoring.weights import default_weights
from samehand.signals.comparison import Comparison
from samehand.signals.handle import HANDLE
from tests.samehand.signals.test_contract import SIGHT, keyer
from tests.tables import for_each


def compared(ours: str, theirs: str) -> Comparison:
    mine, other = (
        HANDLE.distil(Account(platform="x", account_id="1", handle=one), keyer) for one in (ours, theirs)
    )
    assert mine is not None
    assert other is not None
    found = HANDLE.compare(mine, other, SIGHT)
    assert found is not None
    return found


@for_each(
    ("ours", "theirs"),
    [("7amza_alfaris", "hamza_alfaris"), ("abu_3antar", "abu_antar_"), ("sa3eed_", "saeed")],
)
def test_another_reading_of_a_sign_is_not_passed_over_for_a_piece_in_common(ours: str, theirs: str) -> None:
    assert compared(ours, theirs).level in ("same", "personal-name")


def nats(ours: str, theirs: str) -> float:
    found = compared(ours, theirs)
    assert found.rate is not None
    table = default_weights().signals["handle"]
    return max(table.nats(one.level, one.rate or 1.0) for one in (found, *found.also))


def test_who_keeps_most_of_a_handle_weighs_more_than_who_shares_a_word() -> None:
    most, a_word = "zarghonaya_of_swat", "zarghonaya_xq_hills_brq"
    assert nats(most, "zarghonaya_swat") > nats(a_word, "zarghonaya_swat") + 4.0


def test_words_in_another_order_are_all_in_common() -> None:
    assert nats("wozmarak_zarghonaya", "zarghonaya_wozmarak") > nats(
        "zarghonaya_teacher", "zarghonaya_wozmarak"
    )


def test_a_number_that_was_cut_short_is_the_same_number_so_far() -> None:
    assert nats("gulab4821", "gulab482137") > nats("gulab9076", "gulab482137") + 4.0
    assert nats("gulab482137", "gulab482137") >= nats("gulab4821", "gulab482137")
    assert nats("gulab1999", "gulab19") == nats("gulab1998", "gulab19"), "two digits may begin any year"


def test_a_long_number_is_kept_as_a_digest_which_counts_up_with_it() -> None:
    one = HANDLE.distil(Account(platform="x", account_id="1", handle="gulab48213770"), keyer)
    assert one is not None
    assert (one.word.base, len(one.digits)) == ("gulab", 8)
    assert "48213770" not in one.literal + one.digits
    assert nats("gulab48213771", "gulab48213770") > nats("gulab90764771", "gulab48213770") + 4.0
    assert compared("kite_48213770", "salma48213770").level == "same-number"
    assert compared("48213770", "0048213770").level == "different"


@for_each(
    "written", ["umar.farooq@gmail.com", "umar.farooq.gmail.com", "u m a r f a r o o q @ g m a i l . c o m"]
)
def test_a_handle_that_is_an_address_is_the_same_or_another_and_nothing_between(written: str) -> None:
    assert compared("umar#farooq#gmail.com", written).level == "same-handle"
    assert compared("umar.farooqi@gmail.com", written).level == "different"


def test_a_number_drawn_at_random_tells_more_than_one_that_many_choose() -> None:
    assert compared("kite_4827", "salma4827").level == "same-number"
    assert nats("kite_4827", "salma4827") > 6.0
    for chosen in ("1776", "5000", "2004"):
        assert nats_or_less(f"kite_{chosen}", f"salma{chosen}") < 3.0, chosen


def nats_or_less(ours: str, theirs: str) -> float:
    found = compared(ours, theirs)
    return default_weights().signals["handle"].nats(found.level, found.rate or 1.0)


def test_what_decorates_a_handle_is_not_missing_from_the_other() -> None:
    assert nats("zarghonaya_official", "zarghonaya") > nats("zarghonaya_hillsides", "zarghonaya") + 1.5
