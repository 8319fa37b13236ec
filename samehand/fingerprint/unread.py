"""The parts of an account that were not read, since they exceed :mod:`samehand.normalize.limits`."""

from __future__ import annotations

from samehand.account import Account
from samehand.blocking.spellings import WORD_LENGTH_MAX
from samehand.normalize.contact.contacts import own_points
from samehand.normalize.text.fold import fold_bio, fold_handle, fold_name
from samehand.signals.contact import POINTS_MAX, contacts_of
from samehand.signals.name import WORDS_MAX


def unread_fields(account: Account) -> tuple[str, ...]:
    """The fields that were read in part only, so that a value missing there may merely not have been read.

    Any of `handle`, `display_name`, `bio` and `links`, in this order.
    """
    folded = fold_handle(account.handle, account.platform) if account.handle else None
    whole = {
        "handle": folded is None or (folded.whole and len(folded.base) <= WORD_LENGTH_MAX),
        "display_name": _name_is_whole(account),
        **_contacts_are_whole(account),
    }
    return tuple(field for field, is_whole in whole.items() if not is_whole)


def _name_is_whole(account: Account) -> bool:
    folded = fold_name(account.display_name) if account.display_name else None
    return folded is None or (
        folded.whole
        and len(folded.tokens) <= WORDS_MAX
        and all(len(word) <= WORD_LENGTH_MAX for word in folded.tokens)
    )


def _contacts_are_whole(account: Account) -> dict[str, bool]:
    """Whether bio and links were read whole, and their contact points kept: links' first, then the bio's."""
    if not account.bio and not account.links:
        return {}
    contacts = contacts_of(account)
    own = own_points(account.handle, account.platform) if account.handle else ()
    kept = [place for place, point in enumerate(contacts.points) if point not in own]
    left_out = kept[POINTS_MAX:]
    return {
        "bio": fold_bio(account.bio or "").whole
        and contacts.bio_whole
        and not any(place >= contacts.of_links for place in left_out),
        "links": contacts.links_whole and not any(place < contacts.of_links for place in left_out),
    }
