"""A name on a list becomes a record that keeps every limit of the wire."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samehand.watchlist.alias_filter import ALIAS_LENGTH_MAX
from samehand.watchlist.entry import Alias, Entry
from schemas.accounts import AccountBanned
from schemas.wire import Decoded, Decoder, encode
from watchlists.bans import ban_of
from watchlists.rows import REFERENCE_CHARS_MAX, tidy

NOW = 1_764_000_000.0


@given(
    authority=st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,31}", fullmatch=True),
    reference=st.text(min_size=1, max_size=REFERENCE_CHARS_MAX).map(tidy).filter(bool),
    name=st.text(min_size=1, max_size=ALIAS_LENGTH_MAX).map(tidy).filter(bool),
    person=st.booleans(),
)
def test_any_telling_name_reads_back_from_the_wire(
    authority: str, reference: str, name: str, person: bool
) -> None:
    entry = Entry(authority=authority, reference=reference, aliases=(Alias(name),), person=person)
    ban = ban_of(entry, entry.aliases[0], now=NOW, expires_at=NOW + 86_400)
    decoded = Decoder(AccountBanned)(encode(ban), now=NOW)
    assert isinstance(decoded, Decoded), decoded
    assert decoded.record == ban
    assert ban.platform == ("watchlist-persons" if person else "watchlist")
