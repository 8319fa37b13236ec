"""Folds names, handles and ids into search terms.

If a text begins with a query, its term begins with the folded query.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from desk.database.schema import FOLDED_CHARS
from samehand.normalize.text.fold import fold_bio

READ_CHARS: Final = 256
"""Characters of a text that are folded: folding lengthens some texts, and strangers choose them."""

WORDS_MAX: Final = 4
"""Words of a display name from which a term is made; a query may begin at any of them."""


class Term(NamedTuple):
    """One thing to find an alert by. `account`: which account it leads to, `platform:account_id`.

    side   account, banned, or "" of the alert itself
    kind   alert, id, handle or name
    """

    side: str
    kind: str
    folded: str
    account: str


QUOTED_KINDS: Final = ("handle", "name")
"""Kinds of terms that are quotes, and erased as quotes are."""


def folded_id(identifier: str) -> str:
    """Returns the beginning of an id in lower case."""
    return identifier.casefold()[:FOLDED_CHARS]


def folded_readings(text: str) -> tuple[str, ...]:
    """Returns a text's letters and digits in its own script, and as samehand reads it in ASCII."""
    text = text[:READ_CHARS]
    plain = unicodedata.normalize("NFKD", text).casefold()
    # A name of emoji alone has no letters.
    literal = "".join(filter(str.isalnum, plain)) or "".join(
        char for char in plain if char.isprintable() and not char.isspace()
    )
    reading = fold_bio(text).text.replace(" ", "")
    return tuple(dict.fromkeys(folded[:FOLDED_CHARS] for folded in (literal, reading) if folded))


def terms(
    alert_id: str, accounts: Mapping[str, str], quotes: Mapping[tuple[str, str], str]
) -> Iterator[Term]:
    """Yields what an alert is found by, each once.

    `accounts`: the key of the account on each side; `quotes`: by side and kind what is quoted of it.
    """
    distinct = {Term("", "alert", folded_id(alert_id), accounts["account"])}
    for side, key in accounts.items():
        distinct.add(Term(side, "id", folded_id(key.partition(":")[2]), key))
    for (side, kind), text in quotes.items():
        words = text.split(maxsplit=WORDS_MAX - 1) if kind == "name" else [text]
        for start in range(len(words)):
            readings = folded_readings(" ".join(words[start:]))
            distinct.update(Term(side, kind, folded, accounts[side]) for folded in readings)
    yield from sorted(distinct)
