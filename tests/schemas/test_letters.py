"""Records of our own topics: letters, verdicts, words on enrolments."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace
from rich.pretty import pretty_repr

from schemas import examples
from schemas.internal.enrolled import BanEnrolled
from schemas.wire import decode_enrolled, decode_verdict, encode
from streams.deadletters.record import letter_of
from streams.outcomes import Arrival, Dead
from tests.schemas.makers import NOW, as_json, fault, left_out, record_of
from tests.tables import for_each

# Dead letters: the whole address, the value as far as it fits, and a reason without personal values.


def test_what_it_holds_is_not_in_its_repr() -> None:
    arrival = Arrival("accounts.created", 3, 2**40, b"x:secret-key", b"secret-value")
    letter = letter_of(arrival, Dead("not-utf8", "$", "not UTF-8"), NOW)
    assert letter.address == "accounts.created:3:1099511627776"
    assert "secret" not in repr(letter) + pretty_repr(letter)
    assert "not-utf8" in repr(letter)


# Verdicts of reviewers.


def given(**fields: object) -> object:
    return decode_verdict(msgspec.json.encode({**as_json(examples.VERDICT), **fields}), now=NOW)


@for_each("verdict", ["mirror", "not_mirror", "unsure"])
def test_three_verdicts_are_known(verdict: str) -> None:
    assert record_of(given(verdict=verdict)).verdict == verdict


@for_each("verdict", ["Mirror", "not mirror", "yes", ""])
def test_any_other_is_refused(verdict: str) -> None:
    assert fault(given(verdict=verdict)) == ("not-allowed", "$.verdict")


def test_a_verdict_is_not_blind_unless_it_says_so() -> None:
    assert record_of(given()).blind is False
    assert record_of(given(blind=True)).blind is True
    unclear = given(blind="yes")
    assert (record_of(unclear).blind, left_out(unclear)) == (False, (("blind", "wrong-type"),))


@for_each(
    ("field", "value", "reason"),
    [
        ("alert_id", "", "too-short"),
        ("revision", 0, "out-of-range"),
        ("decided_at", "2999-01-01T00:00:00Z", "future-date"),
        ("version", 2, "unknown-version"),
        ("golden", "yes", "wrong-type"),
    ],
)
def test_a_verdict_is_complete_and_sane(field: str, value: object, reason: str) -> None:
    assert fault(given(**{field: value})) == (reason, f"$.{field}")


def test_a_verdict_holds_without_a_reviewer_and_a_code_that_can_be_read() -> None:
    """A person's work is not lost for what somebody's form sent beside it."""
    verdict = given(reviewer="", reason_code="free text")
    assert left_out(verdict) == (("reason_code", "bad-format"), ("reviewer", "missing-field"))
    assert (record_of(verdict).reason_code, record_of(verdict).reviewer) == ("unusable", "unusable")


def test_its_time_is_given_in_seconds() -> None:
    assert examples.VERDICT.at == examples.VERDICT.decided_at.timestamp()


def test_a_record_from_before_verdicts_had_ids_is_told_apart_by_who_gave_it_and_when() -> None:
    without = replace(examples.VERDICT, verdict_id=None)
    assert without.identity != replace(without, reviewer="r-9").identity
    assert without.identity == replace(without).identity
    assert examples.VERDICT.identity == examples.VERDICT.verdict_id


def test_an_id_or_a_policy_that_cannot_be_read_does_not_cost_the_verdict() -> None:
    verdict = given(verdict_id="", policy="Free Text")
    assert left_out(verdict) == (("verdict_id", "missing-field"), ("policy", "bad-format"))
    assert record_of(verdict).verdict == "mirror"


# What travels from enrol to lookback.


def test_an_enrolled_ban_names_the_account_and_its_times() -> None:
    record = record_of(decode_enrolled(encode(examples.ENROLLED), now=NOW))
    assert (record, record.key) == (examples.ENROLLED, "x:2201")
    assert record.at == examples.BANNED.at


def test_no_profile_travels_with_it() -> None:
    assert set(BanEnrolled.__struct_fields__) == {
        *("platform", "account_id", "banned_at", "occurred_at", "freed_at", "version"),
    }


def test_a_newer_version_is_refused() -> None:
    newer = {**as_json(examples.ENROLLED), "version": 2}
    assert fault(decode_enrolled(msgspec.json.encode(newer), now=NOW)) == ("unknown-version", "$.version")
