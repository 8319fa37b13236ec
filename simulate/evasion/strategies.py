"""Nine ways back after a ban: eight from naive to wholly fresh, and one by what the account had before.

Each is a function that makes the next account of a banned person, and says what it carries over. Whatever it
does not carry over is a stranger's: not one identifying value agrees, not even by chance.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from msgspec.structs import replace

from simulate.delays import heavy_tailed, within_minutes
from simulate.evasion.edits import EditSet
from simulate.population import avatars
from simulate.population.handles import NAMELESS_PLATFORMS
from simulate.population.networks import neighbouring as neighbouring_address
from simulate.population.people import PLATFORMS, Person, Population, placed
from simulate.population.phones import neighbouring as neighbouring_number
from simulate.population.phones import written

SAME_PLATFORM_SHARE = 0.85
"""The others come back on another platform."""
_THROW_AWAY_SHARE = 0.15
"""Share of evaders' new mailboxes that are throw-aways."""


@dataclass(frozen=True, slots=True)
class Evasion:
    """What a strategy works with; it builds on ``stranger``, who shares nothing with ``banned``."""

    population: Population
    edits: EditSet
    banned: Person
    stranger: Person

    def handle_of(self, rng: Random, text: str) -> str:
        """An edited handle, free on the platform of the next account and not the banned one."""
        for _ in range(20):
            claimed = self.population.claim(rng, self.stranger.platform, self.edits.handle(rng, text))
            if claimed != self.banned.handle:
                return claimed
        return self.population.claim(rng, self.stranger.platform, text + "2")

    def number(self, rng: Random, number: str) -> dict[str, str]:
        """The fields of a phone number, written some way."""
        return {"number": number, "phone": written(rng, number, self.banned.country)}

    def fresh_email(self, rng: Random) -> dict[str, str | None]:
        """A new mailbox, named after the new account, now and then a throw-away."""
        return {"email": self.population.new_email(rng, self.stranger, _THROW_AWAY_SHARE)}


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way back.

    ``needs`` are the traits a banned person must have had for it (see ``people.TRAITS``); ``shares`` are the
    identifying fields that always agree exactly; ``may_share`` those that sometimes do; ``alters`` those that
    are edited or neighbouring. All other identifying fields differ.
    """

    number: int
    name: str
    needs: frozenset[str]
    shares: frozenset[str]
    may_share: frozenset[str]
    alters: frozenset[str]
    account: Callable[[Evasion, Random], Person]
    delay: Callable[[Random], float] = heavy_tailed
    same_language: bool = True
    prepares: bool = True

    @property
    def catchable(self) -> bool:
        """True if anything at all points back."""
        return bool(self.shares or self.may_share or self.alters)

    def mirror(self, population: Population, edits: EditSet, banned: Person, rng: Random) -> Person:
        """The next account of this banned person."""
        language = banned.language if self.same_language else None
        platform = banned.platform if rng.random() < SAME_PLATFORM_SHARE else PLATFORMS.pick(rng)
        while platform in NAMELESS_PLATFORMS:
            platform = PLATFORMS.pick(rng)
        stranger = population.stranger(rng, banned, language, platform)
        return self.account(Evasion(population, edits, banned, stranger), rng)


def suffix(way: Evasion, rng: Random) -> Person:
    banned = way.banned
    account = replace(
        way.stranger,
        handle=way.handle_of(rng, _handle(banned)),
        device_id=banned.device_id,
        user_agent=banned.user_agent,
    )
    if rng.random() < 0.6:
        account = replace(account, email=banned.email)
    if rng.random() < 0.4:
        account = replace(account, display_name=banned.display_name)
    if rng.random() < 0.5:
        account = replace(account, ip=banned.ip, network=banned.network)
    return account


def look_alike(way: Evasion, rng: Random) -> Person:
    banned = way.banned
    account = replace(
        way.stranger, handle=way.handle_of(rng, _handle(banned)), **way.number(rng, banned.number or "")
    )
    if banned.display_name and rng.random() < 0.6:
        account = replace(account, display_name=way.edits.display_name(rng, banned.display_name))
    return account


def same_face(way: Evasion, rng: Random) -> Person:
    banned = way.banned
    address = banned.ip or ""
    return replace(
        way.stranger,
        display_name=banned.display_name,
        avatar=banned.avatar,
        **way.fresh_email(rng),
        ip=address if rng.random() < 0.7 else neighbouring_address(rng, address),
        network=banned.network,
    )


def same_contacts(way: Evasion, rng: Random) -> Person:
    banned = way.banned
    return replace(way.stranger, bio=banned.bio, links=banned.links)


def disguised(way: Evasion, rng: Random) -> Person:
    banned = way.banned
    account = replace(
        way.stranger,
        **way.fresh_email(rng),
        avatar=avatars.edited(rng, banned.avatar, way.edits.pictures.pick(rng)) if banned.avatar else None,
        bio=way.edits.bio(rng, banned.bio or ""),
        user_agent=banned.user_agent,
    )
    return placed(account, way.population.networks.vpn(rng))


def same_wallet(way: Evasion, rng: Random) -> Person:
    banned = way.banned
    account = way.stranger
    paid = rng.random() < 0.7
    if paid:
        account = replace(account, payment_token=banned.payment_token)
    if not paid or rng.random() < 0.5:
        account = replace(account, **way.number(rng, neighbouring_number(rng, banned.number or "")))
    if rng.random() < 0.5:
        account = replace(account, referrer=banned.referrer)
    return account


def weak_traces(way: Evasion, rng: Random) -> Person:
    banned = way.banned
    return replace(
        way.stranger,
        bio=way.edits.bio(rng, banned.bio or ""),
        avatar=avatars.edited(rng, banned.avatar, way.edits.crop) if banned.avatar else None,
        ip=neighbouring_address(rng, banned.ip or ""),
        network=banned.network,
    )


def wholly_fresh(way: Evasion, rng: Random) -> Person:
    return way.stranger


def from_second(way: Evasion, rng: Random) -> Person:
    banned = way.banned
    if rng.random() < 0.5:
        return replace(way.stranger, device_id=banned.second_device)
    return replace(way.stranger, email=banned.older_email)


def _handle(person: Person) -> str:
    return person.handle or person.given.latin[0]


STRATEGIES = (
    Strategy(
        number=1,
        name="same handle with a suffix, same device",
        needs=frozenset({"device", "email"}),
        shares=frozenset({"device_id"}),
        may_share=frozenset({"email", "display_name", "ip"}),
        alters=frozenset({"handle"}),
        account=suffix,
    ),
    Strategy(
        number=2,
        name="look-alike handle, same phone",
        needs=frozenset({"number", "display_name"}),
        shares=frozenset({"number"}),
        may_share=frozenset(),
        alters=frozenset({"handle", "display_name"}),
        account=look_alike,
    ),
    Strategy(
        number=3,
        name="same name and avatar, new e-mail, same network",
        needs=frozenset({"display_name", "photo", "home_line"}),
        shares=frozenset({"display_name", "avatar"}),
        may_share=frozenset({"ip"}),
        alters=frozenset({"ip"}),
        account=same_face,
    ),
    Strategy(
        number=4,
        name="same bio and contact points, other handle",
        needs=frozenset({"contact"}),
        shares=frozenset({"bio", "links"}),
        may_share=frozenset(),
        alters=frozenset(),
        account=same_contacts,
    ),
    Strategy(
        number=5,
        name="new handle, avatar and bio edited, same kind of device, VPN",
        needs=frozenset({"photo", "bio"}),
        shares=frozenset(),
        may_share=frozenset(),
        alters=frozenset({"avatar", "bio"}),
        account=disguised,
    ),
    Strategy(
        number=6,
        name="new handle and name, same payment, invitation or neighbouring phone",
        needs=frozenset({"payment", "number"}),
        shares=frozenset(),
        may_share=frozenset({"payment_token", "referrer"}),
        alters=frozenset({"number"}),
        account=same_wallet,
    ),
    Strategy(
        number=7,
        name="weak traces: bio, cropped avatar, neighbouring address, within the hour",
        needs=frozenset({"photo", "bio", "home_line"}),
        shares=frozenset(),
        may_share=frozenset(),
        alters=frozenset({"avatar", "bio", "ip"}),
        account=weak_traces,
        delay=within_minutes,
        prepares=False,
    ),
    Strategy(
        number=8,
        name="wholly fresh",
        needs=frozenset(),
        shares=frozenset(),
        may_share=frozenset(),
        alters=frozenset(),
        account=wholly_fresh,
        same_language=False,
    ),
    Strategy(
        number=9,
        name="all new but for the banned one's second device or older mailbox",
        needs=frozenset({"device", "email", "second"}),
        shares=frozenset(),
        may_share=frozenset(),
        alters=frozenset({"device_id", "email"}),
        account=from_second,
    ),
)
"""All nine, by number less one. The first four are naive, 5 to 7 harder, and 8 shares nothing but its
timing, which thousands share: nobody can catch it. 9 is drawn only where a stream asks for it."""
