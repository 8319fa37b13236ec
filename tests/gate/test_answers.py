"""What an answer tells to whom."""

from __future__ import annotations

from msgspec.structs import replace

from gate.answers import problem_of, scored
from schemas import examples
from schemas.malformed import Malformed


def test_without_an_alert_there_is_no_match() -> None:
    told = scored((), "w", 1.5, sees_alerts=True)
    assert (told.outcome, told.band, told.reasons, told.took_ms) == ("no_match", "none", (), 1.5)


def test_reasons_come_by_weight_without_a_word_of_either_account() -> None:
    alert = examples.ALERT
    told = scored((alert,), "w", 1.0, sees_alerts=False)
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
    told = scored((alert,), "w", 1.0, sees_alerts=False)
    assert [(it.name, it.share) for it in told.rivals] == [("stranger", 0.74), ("copier", 0.25)]
    assert [line.signal for line in told.reasons if line.explained] == [explained.signal]
    assert scored((), "w", 1.0, sees_alerts=True).rivals == ()


def test_a_fault_is_told_as_it_is() -> None:
    found = problem_of(Malformed("too-long", "$.account.account_id", "over 256"))
    assert (found.reason, found.path, found.detail) == ("too-long", "$.account.account_id", "over 256")
