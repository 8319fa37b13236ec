"""People who resemble a banned account and are somebody else: whom a detector must not accuse."""

from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType

from msgspec.structs import replace

from simulate.evasion.edits import EditSet
from simulate.population import avatars, bios
from simulate.population.handles import NAMELESS_PLATFORMS, handle
from simulate.population.languages import tongue
from simulate.population.people import Person, Population, display_name
from simulate.population.phones import written
from simulate.sampling import one_of

INNOCENT_SHARES: Mapping[str, float] = MappingProxyType(
    {"namesake": 0.004, "fan": 0.001, "household": 0.001, "neighbour": 0.004, "recycled_phone": 0.0005}
)
"""Share of sign-ups by kind; reinstated people and ordinary sharing of addresses come on top."""
_FAN_WORDS = ("fans", "fc", "updates", "daily", "quotes", "army", "lovers", "clips")


def namesake(population: Population, edits: EditSet, banned: Person, rng: Random) -> Person:
    """Bears the same given and family name, spelt and used in their own way."""
    other = population.stranger(rng, banned, banned.language)
    speech = tongue(other.language)
    wish = handle(rng, other.platform, speech, banned.given, banned.family) if other.handle else None
    return replace(
        other,
        given=banned.given,
        family=banned.family,
        handle=population.claim(rng, other.platform, wish) if wish else None,
        display_name=display_name(rng, speech, banned.given, banned.family, other.platform),
    )


def fan(population: Population, edits: EditSet, banned: Person, rng: Random) -> Person:
    """Admires the banned account in name and words, sometimes in its picture; somebody else all the same."""
    platform = "x" if banned.platform in NAMELESS_PLATFORMS else banned.platform
    other = population.stranger(rng, banned, banned.language, platform)
    name = banned.handle or banned.given.latin[0]
    return replace(
        other,
        handle=population.claim(rng, platform, f"{name}_{one_of(rng, _FAN_WORDS)}"),
        display_name=f"{banned.display_name or name} {one_of(rng, _FAN_WORDS)}",
        bio=f"fan account, not {name} {one_of(rng, bios.EMOJI)}",
        avatar=avatars.edited(rng, banned.avatar, edits.pictures.pick(rng))
        if banned.avatar and rng.random() < 0.2
        else other.avatar,
    )


def household(population: Population, edits: EditSet, banned: Person, rng: Random) -> Person:
    """A relative under the same roof: family name and address, now and then the family's tablet."""
    return relative(population, banned, rng, device_share=0.15)


def relative(population: Population, person: Person, rng: Random, device_share: float) -> Person:
    """Somebody of this person's household."""
    other = population.stranger(rng, person, person.language)
    speech = tongue(other.language)
    wish = handle(rng, other.platform, speech, other.given, person.family) if other.handle else None
    shared_device = rng.random() < device_share
    return replace(
        other,
        family=person.family,
        country=person.country,
        handle=population.claim(rng, other.platform, wish) if wish else None,
        display_name=display_name(rng, speech, other.given, person.family, other.platform),
        ip=person.ip,
        network=person.network,
        device_id=person.device_id if shared_device else other.device_id,
        user_agent=person.user_agent if shared_device else other.user_agent,
    )


def neighbour(population: Population, edits: EditSet, banned: Person, rng: Random) -> Person:
    """Comes through the same shared address (mobile operator, campus, VPN), or the next one in the street."""
    other = population.stranger(rng, banned, banned.language)
    return replace(other, ip=banned.ip, network=banned.network)


def recycled_phone(population: Population, edits: EditSet, banned: Person, rng: Random) -> Person:
    """Was given the number that the banned person gave up."""
    other = population.stranger(rng, banned, banned.language)
    if not banned.number:
        return other
    number = banned.number
    return replace(other, country=banned.country, number=number, phone=written(rng, number, banned.country))


INNOCENTS: Mapping[str, Callable[[Population, EditSet, Person, Random], Person]] = MappingProxyType(
    {
        "namesake": namesake,
        "fan": fan,
        "household": household,
        "neighbour": neighbour,
        "recycled_phone": recycled_phone,
    }
)
"""Kind → how such a person is made beside a banned one."""
