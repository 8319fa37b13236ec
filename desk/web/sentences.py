"""The words of reasons by code: signals, rivals, refusals and levels; catalogues translate each of them.

An alert holds an English sentence, which may say more than that of its level. In other languages the desk
shows the level's sentence, and the alert's own where it does not know the level.
"""

from __future__ import annotations

import re
from typing import Final

from samehand.scoring import rivals

RIVALS: Final[dict[str, tuple[str, str, str]]] = {
    rival.name: (rival.who, rival.sentence, rival.check) for rival in rivals.RIVALS
}
"""What else a pair could be: who, the sentence on it and what tells it from a mirror, by the alerts' name."""

FAULTS: Final[dict[str, str]] = {
    "not-found": "There is no such thing here.",
    "forbidden": "This is not for you to do.",
    "conflict": "Somebody was faster.",
    "too-late": "It can no longer be undone.",
    "unusable": "Something is missing.",
    "refused": "The desk did not do this.",
    "unavailable": "The database does not answer.",
    "full": "The database’s disk is full.",
}
"""What is said above a refusal, by its code; the sentence below it tells more."""

CROWD_COUNT: Final = re.compile(r"\b[0-9][0-9,]*")
"""The number in the sentence on the level `SHARED`, as an alert has it."""
