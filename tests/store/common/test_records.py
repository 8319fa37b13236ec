"""Stored forms: what goes in comes out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samehand.fingerprint.distil import enrolment_keys, pack, unpack
from samehand.lineage import Descent, founder
from samehand.showings import UNKNOWN, Changed, Showings
from samehand.signals.base import Quoted
from schemas.unusable import FieldFault, Unusable
from store.base import BanFacts, Remembered
from store.common.records import (
    ban_quote,
    frame_heads,
    frame_of,
    frame_records,
    frame_tag,
    keys_of,
    keys_of_fingerprints,
    read_ban_quote,
    read_frame,
    read_remembered_quote,
    remembered_quote,
)
from tests.store.makers import NOW, a_ban, again, an_account, fingerprints

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MOMENTS = st.floats(0, 4e9)
WORDS = st.none() | TEXT
IDS = TEXT | st.integers(0, 2**70).map(str) | st.from_regex(r"0[0-9]{1,18}|[٠-٩]{3}", fullmatch=True)
UNREAD = st.lists(st.builds(Unusable, TEXT, st.sampled_from(list(FieldFault))), max_size=3).map(tuple)
SECONDS = st.integers(0, 2**40)
CHANGED = st.builds(Changed, st.integers(0, 4), st.none() | SECONDS, SECONDS)
SHOWN = st.builds(
    Showings,
    st.none() | SECONDS,
    st.none() | SECONDS,
    st.lists(CHANGED, max_size=5).map(tuple),
) | st.sampled_from([UNKNOWN, Showings(int(NOW), int(NOW)), Showings(None, int(NOW))])
FACTS = st.builds(
    lambda **facts: BanFacts(descent=founder(f"{facts['platform']}:{facts['account_id']}"), **facts),
    platform=TEXT,
    account_id=IDS,
    occurred_at=MOMENTS | st.just(NOW),
    banned_at=st.none() | MOMENTS | st.just(NOW),
    policy=WORDS,
    basis_authority=WORDS,
    basis_reference=WORDS,
    queue=WORDS,
    expires_at=st.none() | MOMENTS,
    quoted=st.builds(Quoted, TEXT, TEXT, TEXT),
    not_read=UNREAD,
    shown=SHOWN,
)


@given(
    st.lists(TEXT.filter(bool), min_size=1, max_size=4),
    st.none() | MOMENTS,
    st.binary(min_size=4, max_size=4),
)
def test_a_frame_keeps_its_fingerprints_in_order(
    handles: list[str], expires_at: float | None, tag: bytes
) -> None:
    several = [one for handle in handles for one in fingerprints(an_account(handle=handle))]
    frame = read_frame(frame_of(tag, several, expires_at))
    assert (frame.tag, frame.expires_at) == (tag, expires_at)
    assert [unpack(record) for record in frame.records] == several
    assert keys_of(frame.records) == keys_of_fingerprints(several)
    assert set(keys_of(frame.records)) == {key for one in several for key in enrolment_keys(one)}


@given(FACTS)
def test_facts_are_quoted_as_they_were_enrolled(facts: BanFacts) -> None:
    quote = read_ban_quote(ban_quote(facts, None))
    assert (quote.facts, quote.root) == (facts, None)


@given(FACTS, st.binary(min_size=16, max_size=16))
def test_a_founder_is_named_while_its_name_is_known(facts: BanFacts, root: bytes) -> None:
    quote = read_ban_quote(ban_quote(facts, root))
    assert quote.root == root
    assert quote.resolved(None) == facts
    assert quote.resolved("x:1").descent == Descent("x:1", 0)


def test_an_id_of_digits_and_a_moment_said_twice_take_little() -> None:
    """A million bans are quoted by ids of eighteen digits and by one moment, as good as all of them."""
    facts = a_ban("118059162071741130").facts
    other = again(a_ban("a18059162071741130"), banned_at=NOW).facts
    assert len(ban_quote(facts, None)) == len(ban_quote(other, None)) - 10 - 8


@given(TEXT, IDS, TEXT, TEXT, TEXT, MOMENTS | st.just(NOW), UNREAD, SHOWN)
def test_a_remembered_account_is_quoted_as_it_was(
    platform: str,
    account_id: str,
    handle: str,
    name: str,
    bio: str,
    seen_at: float,
    unread: tuple[Unusable, ...],
    shown: Showings,
) -> None:
    account = Remembered(
        account=f"{platform}:{account_id}",
        account_id=account_id,
        platform=platform,
        seen_at=seen_at,
        quoted=Quoted(handle, name, bio),
        fingerprints=(),
        not_read=unread,
        shown=shown,
    )
    facts = read_remembered_quote(remembered_quote(account))
    assert (facts.account, facts.platform, facts.account_id) == (account.account, platform, account_id)
    assert (facts.seen_at, facts.quoted, facts.not_read) == (seen_at, account.quoted, unread)
    assert facts.shown == shown


def test_a_frame_expires_at_its_moment() -> None:
    frame = read_frame(frame_of(b"tags", fingerprints(an_account()), NOW))
    assert frame.expired(NOW)
    assert not frame.expired(NOW - 1)


@given(st.binary(max_size=40))
def test_a_damaged_record_is_found_by_no_key(record: bytes) -> None:
    whole = fingerprints(an_account())
    assert set(keys_of_fingerprints(whole)) <= set(keys_of([record, *map(pack, whole)]))


@given(st.none() | MOMENTS | st.just(NOW), st.integers(1, 3))
def test_the_head_of_a_frame_says_what_the_whole_says(expires_at: float | None, peppers: int) -> None:
    """An empty frame, as Redis answers for a slot that was given up, is not there."""
    several = [*fingerprints(an_account())] * peppers
    frames = [frame_of(b"tags", several, expires_at), b""]
    tags, in_force = frame_heads(frames, NOW)
    whole = read_frame(frames[0])
    assert tags.tolist() == [int.from_bytes(b"tags", "big"), 0]
    assert in_force.tolist() == [not whole.expired(NOW), False]
    assert frame_records(frames[0]) == whole.records
    assert frame_tag(frames[0]) == whole.tag
