"""Which heads a restored backup left behind, and what a line that sets some aside covers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from desk.database.audit import AuditRow, hash_of
from desk.review.audit.chain import SET_ASIDE, Chain, Head, head_of
from desk.review.audit.set_aside import AuditComparison, LostHeads, compare, up_to
from tests.tables import for_each


def chain_of(count: int, told: Mapping[int, object] | None = None) -> tuple[Chain, dict[int, str]]:
    """A chain of so many lines, some of which set aside what is told; and the hash of each."""
    chain, hashes = Chain(), dict[int, str]()
    for number in range(1, count + 1):
        detail = (told or {}).get(number)
        words = ("u1", "decided" if detail is None else SET_ASIDE, "a1", json.dumps(detail or {}))
        line = AuditRow(number, 1.0, *words, hash_of(chain.hash, number, 1.0, *words))
        chain.follow([line])
        hashes[number] = line.hash
    assert chain.broken is None
    return chain, hashes


def lost(number: int, letter: str = "a") -> Head:
    """A head of a line that the chain does not have."""
    return Head(number, letter * 64)


def heads(numbers: Sequence[int], hashes: Mapping[int, str]) -> list[Head]:
    return [Head(number, hashes[number]) for number in numbers]


def aside(*of: Head, kept: int = 10) -> dict[str, object]:
    return {"by": "u1", "reason": "restore", "kept": kept, "heads": [str(one) for one in of]}


def test_what_was_published_before_a_restore_is_one_run() -> None:
    chain, hashes = chain_of(12)
    before, after = heads([5, 10], hashes), heads([12], hashes)
    gone = [lost(11), lost(13), lost(13), lost(15)]  # sent twice where its confirmation was lost
    assert compare(chain, hashes, [*before, *gone, *after]).runs == (
        LostHeads(10, (lost(11), lost(13), lost(15))),
    )


def test_what_two_restores_left_behind_are_two_runs() -> None:
    chain, hashes = chain_of(10)
    gone = [lost(12), lost(15), lost(11, "b"), lost(14, "b")]
    found = compare(chain, hashes, [*heads([10], hashes), *gone]).runs
    assert found == (LostHeads(10, (lost(12), lost(15))), LostHeads(10, (lost(11, "b"), lost(14, "b"))))


def test_what_was_lost_before_a_head_that_holds_is_a_run_of_its_own() -> None:
    chain, hashes = chain_of(20)
    found = compare(chain, hashes, [lost(10), *heads([15], hashes), lost(18), lost(21)])
    assert found.runs == (LostHeads(0, (lost(10),)), LostHeads(15, (lost(18), lost(21))))
    assert up_to(found.runs, lost(18)) == LostHeads(15, (lost(18),)), "what came after it is not named"
    assert up_to(found.runs, lost(21)) == found.runs[1]
    assert up_to(found.runs, lost(15)) is None


def with_a_line(
    told: object, published_before: Sequence[Head], published_after: Sequence[Head], *, bears: bool = True
) -> AuditComparison:
    """A chain of eleven lines, whose last says what is told and whose head was published as such, or not."""
    chain, hashes = chain_of(11, {11: told})
    own = Head(11, hashes[11], sets_aside=bears)
    return compare(chain, hashes, [*heads([10], hashes), *published_before, own, *published_after])


def test_what_a_line_names_is_set_aside_and_nothing_else() -> None:
    told = with_a_line(aside(lost(13)), [lost(12), lost(13), lost(14)], [])
    assert [one.number for one in told.counted] == [11]
    assert [run.heads for run in told.runs] == [(lost(12),), (lost(14),)]
    assert told.broken is not None
    assert told.broken.number == 12


def test_a_line_whose_head_was_not_published_for_that_sets_nothing_aside() -> None:
    told = with_a_line(aside(lost(13)), [lost(13)], [], bears=False)
    assert (told.counted, [one.number for one in told.uncounted]) == ((), [11])
    assert told.broken is not None


def test_a_line_sets_nothing_aside_that_was_published_after_it() -> None:
    told = with_a_line(aside(lost(12), lost(13)), [lost(12)], [lost(13)])
    assert [run.heads for run in told.runs] == [(lost(13),)]
    assert told.broken is not None


@for_each(
    "told",
    [{}, {"by": "u1"}, aside(), {**aside(lost(12)), "heads": [12]}, {**aside(lost(12)), "kept": "no"}, "all"],
)
def test_a_line_that_somebody_else_wrote_sets_nothing_aside(told: object) -> None:
    found = with_a_line(told or {"heads": []}, [lost(12)], [])
    assert (found.counted, found.uncounted) == ((), ())
    assert found.broken is not None


def test_of_a_run_below_what_holds_the_line_before_it_is_what_was_kept() -> None:
    chain, hashes = chain_of(20)
    told = compare(chain, hashes, [*heads([10, 20], hashes), lost(12), lost(22), *heads([15], hashes)])
    assert told.runs == (LostHeads(10, (lost(12), lost(22))),)


def test_what_is_no_head_is_none() -> None:
    digest = "a" * 64
    assert head_of(f"12:{digest}") == lost(12) == Head(12, digest, sets_aside=True)
    for text in ("", "12", f"0:{digest}", f"12:{digest.upper()}", f"12:{digest}\n", f"{'9' * 19}:{digest}"):
        assert head_of(text) is None
