"""Answers, and questions that vary one account."""

from __future__ import annotations

from msgspec.structs import replace

from agents.common.queries.preview import Foreseen
from gate.answers import problem_of, scored
from gate.variations import FORGOTTEN_SECONDS, SETS_MAX, USUAL, Variations
from schemas import examples
from schemas.malformed import Malformed
from tests.makers import a_sign_up

# What an answer tells to whom.


def test_without_an_alert_there_is_no_match() -> None:
    told = scored(Foreseen(), "w", 1.5, sees_alerts=True)
    assert (told.outcome, told.band, told.reasons, told.took_ms) == ("no_match", "none", (), 1.5)


def test_reasons_come_by_weight_without_a_word_of_either_account() -> None:
    alert = examples.ALERT
    told = scored(Foreseen((alert,)), "w", 1.0, sees_alerts=False)
    assert told.alerts == ()
    weights = [line.weight for line in told.reasons]
    assert weights == sorted(weights, reverse=True)
    assert len(weights) == len(alert.evidence) + len(alert.counter_evidence)
    for line in alert.evidence:
        assert not line.theirs or line.theirs not in str(told)


def test_it_tells_what_else_it_could_be_to_a_hundredth() -> None:
    rivals = (replace(examples.ALERT.rivals[0], share=0.7449), examples.ALERT.rivals[1])
    explained = replace(examples.ALERT.evidence[0], explained=True)
    alert = replace(examples.ALERT, rivals=rivals, evidence=(explained, *examples.ALERT.evidence[1:]))
    told = scored(Foreseen((alert,)), "w", 1.0, sees_alerts=False)
    assert [(it.name, it.share) for it in told.rivals] == [("stranger", 0.74), ("copier", 0.25)]
    assert [line.signal for line in told.reasons if line.explained] == [explained.signal]
    assert scored(Foreseen(), "w", 1.0, sees_alerts=True).rivals == ()


def test_a_fault_is_told_as_it_is() -> None:
    found = problem_of(Malformed("too-long", "$.account.account_id", "over 256"))
    assert (found.reason, found.path, found.detail) == ("too-long", "$.account.account_id", "over 256")


# Many values of few accounts are counted, and nothing of them is kept.


def asked(variations: Variations, account: str, handles: range, at: float = 0.0) -> None:
    for number in handles:
        variations.note(a_sign_up(account, handle=f"umar_{number}"), at)


def test_who_mistypes_is_not_counted_and_who_tries_is() -> None:
    variations = Variations()
    asked(variations, "99", range(USUAL))
    assert variations.total == 0
    asked(variations, "99", range(USUAL, USUAL + 3))
    assert variations.total == 3


def test_the_same_values_are_no_other_ones_however_often() -> None:
    variations = Variations()
    for _ in range(50):
        asked(variations, "99", range(1))
    assert variations.total == 0


def test_a_flood_counts_to_its_end_and_is_not_kept_whole() -> None:
    variations = Variations()
    asked(variations, "99", range(1_000))
    assert variations.total == 1_000 - USUAL
    assert max(len(it.digests) for it in variations._asked.values()) == SETS_MAX


def test_many_accounts_with_one_set_of_values_each_are_a_platform() -> None:
    variations = Variations(accounts_max=100)
    for number in range(1_000):
        asked(variations, str(number), range(1))
    assert variations.total == 0
    assert len(variations._asked) == 100


def test_other_accounts_that_match_one_ban_are_variations_too() -> None:
    variations = Variations()
    for number in range(USUAL + 3):
        variations.note_match("telegram:77", a_sign_up(str(number), handle=f"umar_{number}"), 0.0)
    assert variations.total == 3
    for number in range(1_000):
        variations.note_match(f"telegram:ban-{number}", a_sign_up(str(number)), 0.0)
    assert variations.total == 3


def test_an_hour_later_it_begins_anew() -> None:
    variations = Variations()
    asked(variations, "99", range(USUAL))
    asked(variations, "99", range(USUAL, 2 * USUAL), FORGOTTEN_SECONDS + 1)
    assert variations.total == 0


def test_no_value_is_kept() -> None:
    variations = Variations()
    asked(variations, "account-99", range(3))
    assert "99" not in repr(variations) or "umar" not in repr(variations)
    assert "umar" not in repr(variations._asked)
