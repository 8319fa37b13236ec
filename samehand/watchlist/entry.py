"""An entry of an official list, whatever format it came in."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

# 40 bits: two of an entry's few hundred aliases collide once in some ten million entries.
_NUMBER_BYTES: Final = 5
_UNQUOTED: Final = "-:"  # no code of an authority begins with a dash
UNNAMED: Final = f"{_UNQUOTED}listed"
"""The id of any listed name, where nothing of it may be shown."""
_UNQUOTED_BYTES: Final = 12  # all names of all lists do not collide


def is_unquoted(account_id: str) -> bool:
    """Returns whether the id of a listed name quotes neither authority nor number."""
    return account_id.startswith(_UNQUOTED)


@dataclass(frozen=True, slots=True)
class Alias:
    """One of the names of an entry. ``weak``: the authority itself calls it broad or of low quality."""

    text: str
    weak: bool = False

    @property
    def number(self) -> str:
        """Ten hex digits that stay when the list is published again in another order."""
        return blake2b(self.text.encode("utf-8", "surrogatepass"), digest_size=_NUMBER_BYTES).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchlistEntry:
    """An organisation (or a person) on an official list.

    ``reference`` is the authority's own number of the listing, ``aliases`` all names in the list's order,
    the primary one first, ``programmes`` the regimes under which it is listed, ``listed_on`` an ISO date
    where the list gives one.
    """

    authority: str
    reference: str
    aliases: tuple[Alias, ...]
    person: bool = False
    programmes: tuple[str, ...] = ()
    listed_on: str | None = None

    @property
    def name(self) -> str:
        return self.aliases[0].text

    def account_id(self, alias: Alias) -> str:
        """The id under which an alias is enrolled: the same whenever the list is imported."""
        return f"{self.authority}:{self.reference}:{alias.number}"

    def unquoted_id(self, alias: Alias) -> str:
        """The same as a digest, for a listing whose authority and number may not be quoted."""
        raw = self.account_id(alias).encode("utf-8", "surrogatepass")
        return _UNQUOTED + blake2b(raw, digest_size=_UNQUOTED_BYTES).hexdigest()
