"""Label values of the agents' metrics: always from fixed lists, never a value of an account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from samehand.fingerprint.distil import Fingerprint
from samehand.keys import KeyKind
from samehand.normalize.text.scripts import Script, dominant_script
from samehand.pictures.hashing import Unseen, seen
from samehand.signals import POSITION, SIGNALS, UNKEPT
from schemas.accounts import Account
from schemas.alerts import MirrorAlert, quoted_names

SIGNAL_NAMES: Final = (*(signal.name for signal in SIGNALS), *UNKEPT)
SCRIPT_NAMES: Final = tuple(str(script) for script in Script)

_AVATAR: Final = POSITION["avatar"]


def kind_name(kind: KeyKind) -> str:
    """A kind of key as a label: `device`, `name-word`."""
    return kind.name.lower().replace("_", "-")


def unavailable(account: Account, fingerprint: Fingerprint) -> Iterator[str]:
    """Signals for which the account brought a value that nothing here could read.

    Only a picture can be such a value: hashing it takes a decoder that is an extra.
    """
    avatar = account.avatar
    if avatar is None or avatar.image is None or fingerprint.traits[_AVATAR] is not None:
        return
    if isinstance(seen(avatar.image), Unseen):  # else it was read: it is too flat to say anything, or stock
        yield "avatar"


def fired(alert: MirrorAlert) -> frozenset[str]:
    """Names of the signals that agree, also where a rival explains it."""
    return frozenset(line.signal for line in alert.evidence if line.weight > 0 or line.explained)


def script_of(alert: MirrorAlert) -> str:
    """The script of the new account's names as far as the alert quotes them; `none` where it quotes none."""
    return str(dominant_script(quoted_names(alert)))
