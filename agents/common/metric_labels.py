"""Label values of the agents' metrics: always from fixed lists, never a value of an account."""

from __future__ import annotations

from typing import Final

from samehand.keys import KeyKind
from samehand.normalize.text.scripts import Script, dominant_script
from samehand.signals import SIGNALS, UNKEPT
from schemas.alerts import MirrorAlert, quoted_names

SIGNAL_NAMES: Final = (*(signal.name for signal in SIGNALS), *UNKEPT)
SCRIPT_NAMES: Final = tuple(str(script) for script in Script)


def kind_name(kind: KeyKind) -> str:
    """A kind of key as a label: `device`, `name-word`."""
    return kind.name.lower().replace("_", "-")


def fired(alert: MirrorAlert) -> frozenset[str]:
    """Names of the signals that agree, also where a rival explains it."""
    return frozenset(line.signal for line in alert.evidence if line.weight > 0 or line.explained)


def script_of(alert: MirrorAlert) -> str:
    """The script of the new account's names as far as the alert quotes them; `none` where it quotes none."""
    return str(dominant_script(quoted_names(alert)))
