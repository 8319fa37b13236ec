"""Why somebody decided: codes with a template each, so that one key is enough and figures can be counted.

A platform's own codes may be any slug; these are what the desk offers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from schemas.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class OfferedReason:
    """One reason: its code, for which verdict, and the sentence that a note begins with.

    ``rival``: the rival explanation that it names, as `samehand.scoring.rivals` calls it, or None.
    """

    code: str
    verdict: Verdict
    template: str
    rival: str | None = None


REASONS: Final[tuple[OfferedReason, ...]] = (
    OfferedReason("same-contact", "mirror", "Both accounts give the same contact."),
    OfferedReason("same-name-and-picture", "mirror", "Name and picture are those of the banned account."),
    OfferedReason("says-so-itself", "mirror", "The account says itself that it continues the banned one."),
    OfferedReason("same-device-or-network", "mirror", "Device or network are those of the banned account."),
    OfferedReason("several-traits", "mirror", "Several traits agree that seldom agree by chance."),
    OfferedReason("common-name", "not_mirror", "Many people bear this name.", "namesake"),
    OfferedReason("shared-network", "not_mirror", "Many people share this network or device.", "neighbour"),
    OfferedReason(
        "fan-or-parody", "not_mirror", "A fan, a parody or a report about the banned account.", "copier"
    ),
    OfferedReason("other-person", "not_mirror", "Plainly somebody else."),
    OfferedReason("too-little-evidence", "not_mirror", "What agrees is too little."),
    # Last, so that the keys of the others stay what hands have learnt.
    OfferedReason("household", "not_mirror", "Somebody of the banned person's household.", "household"),
    OfferedReason("former-holder", "not_mirror", "The phone number has changed hands.", "former-holder"),
    OfferedReason("template", "not_mirror", "Many accounts show this text or picture."),
    OfferedReason(
        "organisation", "not_mirror", "Somebody of the same organisation, class or club.", "colleague"
    ),
    OfferedReason("needs-language", "unsure", "Somebody who reads this language should look."),
    OfferedReason("needs-context", "unsure", "What would decide it is not shown here."),
)

WAVE_REASONS: Final[tuple[OfferedReason, ...]] = (
    OfferedReason("one-hand", "mirror", "One hand or one script made these accounts."),
    OfferedReason("coordinated", "mirror", "Several people act together under false names."),
    OfferedReason("class-or-company", "not_mirror", "A class, a company or a club signs up together."),
    OfferedReason("event-or-link", "not_mirror", "Many people follow one event, link or invitation."),
    OfferedReason("shared-network", "not_mirror", "Many people share this network or device."),
    OfferedReason("platforms-words", "not_mirror", "What agrees are the platform’s own words."),
    OfferedReason("too-little-evidence", "not_mirror", "What agrees is too little."),
    OfferedReason("needs-language", "unsure", "Somebody who reads this language should look."),
    OfferedReason("needs-context", "unsure", "What would decide it is not shown here."),
)
"""What is offered for a wave, whose accounts resemble each other and no banned one."""

_RIVALS: Final = {reason.code: reason.rival for reason in REASONS}


def rival_of(code: str) -> str | None:
    """The rival explanation that a reason names; None for one that names none, and for a platform's own."""
    return _RIVALS.get(code)


def reasons_for(verdict: str) -> tuple[OfferedReason, ...]:
    """What is offered for a verdict, in the order of its keys."""
    return tuple(reason for reason in REASONS if reason.verdict == verdict)


def wave_reasons_for(verdict: str) -> tuple[OfferedReason, ...]:
    """What is offered for a verdict on a wave, in the order of its keys."""
    return tuple(reason for reason in WAVE_REASONS if reason.verdict == verdict)


TEMPLATES: Final = {reason.code: reason.template for reason in (*REASONS, *WAVE_REASONS)}
"""The sentence of each code."""
