"""What people write about themselves, from clichés to their own addresses elsewhere."""

from random import Random
from string import ascii_lowercase, ascii_uppercase
from string import digits as decimal_digits

from simulate.population.languages import Tongue
from simulate.sampling import Weighted, below, between, digits, one_of

SEPARATORS = (" | ", " • ", ". ", ", ", "\n", " / ", " ~ ")
EMOJI = tuple("🌹✨🌍⚽🎧📷🐾🌙🔥💙☕🎮🏏🕊🌿🎵📚🚴🌊🍀")
CLICHE_SHARE = 0.25
"""Share of bios that are one phrase everybody knows."""
_CALLING_PREFIXES = (
    *("923001", "923214", "141525", "346001", "201001", "966501", "790512", "905321", "919812", "861391"),
)
_INVITE_CHARS = ascii_uppercase + ascii_lowercase + decimal_digits
_CONTACTS = Weighted(
    ["telegram", "whatsapp", "instagram", "mail", "invite", "handle"], [30, 20, 20, 15, 5, 10]
)


def bio(rng: Random, tongue: Tongue, handle: str) -> str:
    """A bio in the person's language; ``handle`` is what their addresses elsewhere resemble."""
    if rng.random() < CLICHE_SHARE:
        return cliche(rng, tongue)
    return own_words(rng, tongue, handle)


def cliche(rng: Random, tongue: Tongue) -> str:
    """A phrase that thousands use, with or without an emoji."""
    phrase = tongue.cliches.pick(rng)
    return phrase if rng.random() < 0.6 else f"{phrase} {one_of(rng, EMOJI)}"


def own_words(rng: Random, tongue: Tongue, handle: str, contact_share: float = 0.18) -> str:
    """Two to five pieces: trade, pastimes, town, a year, an emoji, a phrase, sometimes a contact point."""
    pieces = [one_of(rng, tongue.jobs), one_of(rng, tongue.hobbies)]
    if rng.random() < 0.6:
        town = one_of(rng, tongue.cities)
        pieces.append(town.native if rng.random() < 0.7 else town.latin[0].capitalize())
    if rng.random() < 0.4:
        pieces.append(one_of(rng, tongue.hobbies))
    if rng.random() < 0.35:
        pieces.append(
            one_of(rng, (f"est. {between(rng, 1960, 2010)}", f"{between(rng, 13, 60)}", digits(rng, 3)))
        )
    if rng.random() < 0.3:
        pieces.append(one_of(rng, EMOJI) + one_of(rng, EMOJI))
    if rng.random() < 0.15:
        pieces.append(tongue.cliches.pick(rng))
    rng.shuffle(pieces)
    if rng.random() < contact_share:
        pieces.append(contact(rng, handle))
    return one_of(rng, SEPARATORS).join(pieces)


def contact(rng: Random, handle: str) -> str:
    kind = _CONTACTS.pick(rng)
    own = "".join(letter for letter in handle.lower() if letter.isascii() and letter.isalnum()) or "user"
    own = f"{own}{below(rng, 10_000)}"
    if kind == "telegram":
        return f"t.me/{own}"
    if kind == "whatsapp":
        return f"wa.me/{one_of(rng, _CALLING_PREFIXES)}{digits(rng, 6)}"
    if kind == "instagram":
        return f"instagram.com/{own}"
    if kind == "mail":
        return f"{own}@gmail.com" if rng.random() < 0.6 else f"{own} [at] gmail [dot] com"
    if kind == "invite":
        return "t.me/+" + "".join(one_of(rng, _INVITE_CHARS) for _ in range(16))
    return f"IG: @{own}"
