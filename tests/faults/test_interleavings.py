"""Every order of the steps of three agents at once: what takes a minute and needs no Kafka."""

from __future__ import annotations

from functools import partial

import pytest

from tests.agents.conftest import make_life
from tests.agents.test_interleavings import NOBODY_ABOUT, OPEN, MakeWorld, ends_open, orders, said, world

__all__ = ["make_life", "world"]  # fixtures

pytestmark = pytest.mark.thorough


def test_a_change_and_a_creation_told_at_once_are_one_alert(world: MakeWorld) -> None:
    """Creation and change lie on two topics and may be read in either order, by two workers."""
    ends = {tuple(said(lived)) for lived in orders(world, "mirror", "turned", "ban")}
    assert ends == {tuple(OPEN)}


def test_nothing_stays_open_of_a_ban_that_was_lifted(world: MakeWorld) -> None:
    """In whatever order ban, mirror and reinstatement fall, the last word is not an open alert."""
    ends = set()
    for lived in orders(partial(world, alike=NOBODY_ABOUT), "mirror", "ban", "lifted"):
        lived.tell_what_is_owed()
        ends.add(tuple(said(lived)))
    assert () in ends
    assert len(ends) > 1
    for end in ends:
        last = max(end, key=lambda told: told[1], default=("withdrawn", 0))
        assert last[0] == "withdrawn", sorted(ends)
        assert [told for told in end if told[0] == "open"] in ([], OPEN)


LIFTED_AND_AGAIN = [
    pytest.param(("again", "relay", "late_relay"), ("lifted",), id="a zombie tells what is owed, too"),
    pytest.param(("lifted", "lifted", "again"), (), id="the reinstatement comes twice"),
    pytest.param(("again", "mirror", "relay"), ("lifted",), id="the mirror's event comes again"),
    pytest.param(("lifted", "again", "mirror"), (), id="the mirror's event comes again meanwhile"),
]


@pytest.mark.parametrize(("jobs", "before"), LIFTED_AND_AGAIN)
def test_banned_again_among_zombies_and_repeats_the_pair_ends_open(
    world: MakeWorld, jobs: tuple[str, ...], before: tuple[str, ...]
) -> None:
    """The ban and its mirror were told before."""
    for lived in orders(partial(world, alike=NOBODY_ABOUT), *jobs, before=("ban", "mirror", *before)):
        assert ends_open(lived), said(lived)


def test_lifted_among_repeats_the_pair_ends_withdrawn(world: MakeWorld) -> None:
    for lived in orders(world, "lifted", "mirror", "relay", before=("ban", "mirror")):
        assert not ends_open(lived), said(lived)
