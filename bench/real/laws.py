"""Laws that hold for one ban and for a million.

Each law is a scene: pairs of accounts that share just what its name says, some time after the ban, judged in
stores that have so many bans. A store is what the mind sees of one: how many bans there are, when they took
effect, and what was counted. So a million bans cost no more than one, and all laws take seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import Any, Final, NamedTuple

from msgspec.structs import replace as replaced

from agents.common.distil import account_of
from bench.real.scenes import DAY, MINUTE, NOW, RANK, Banned, _only, _prefix, _whole
from report.share import Share
from samehand.fingerprint.distil import Fingerprint, distil
from samehand.frequency.rates import SignUpRates
from samehand.keys import KeyKind
from samehand.scoring.evidence import Score
from samehand.scoring.score import score
from samehand.scoring.weights import Weights, default_weights
from samehand.showings import Showings
from schemas.accounts import Account
from simulate.population.bios import cliche
from simulate.population.languages import tongue
from simulate.population.people import Person, Population
from simulate.sampling import digits, one_of, seeded
from simulate.timeline.records import profile

PAIRS: Final = 100
YEAR: Final = 365 * DAY
BANS: Final = (1, 300, 20_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class Store:
    """What the mind sees of a store: its bans are spread evenly over ``spread`` seconds before the event.

    ``people`` have been counted, ``crowd`` of them with each value that ``crowded`` names.
    """

    bans: int
    spread: float = 2 * YEAR
    people: int = 0
    crowd: int = 0
    crowded: frozenset[KeyKind] = frozenset()

    def accounts(self, stratum: str) -> int:
        """How many were counted, in every stratum alike."""
        return self.people

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        """The two of the pair, or the crowd."""
        return min(self.people, self.crowd if kind in self.crowded else 2)

    @property
    def sign_ups(self) -> SignUpRates:
        """One ban of sixty sign-ups."""
        return SignUpRates.everywhere(self.bans * 60 * DAY / self.spread)


_ALL: Final = tuple(Store(bans) for bans in BANS)
_BUT_A_MILLION: Final = _ALL[:-1]
"""For what is said of names and words: how rare they must be does depend on how many are banned."""


class Scene(NamedTuple):
    """A person who was banned, with words and a handle of a real pair; what a draw is made of."""

    rng: Random
    banned: Account
    person: Person
    other: Account
    renamed: str


Made = Callable[[Scene], tuple[Account, Account]]
"""The new account and the banned one."""


class Law(NamedTuple):
    """A goal: at least or at most a share of a scene's pairs reach a band, in each of some stores."""

    name: str
    made: Made
    seconds: Sequence[float]
    goal: float
    band: str = "possible"
    at_most: bool = False
    stores: tuple[Store, ...] = _ALL
    first_shown: bool = False


def _at_most(name: str, made: Made, seconds: float | Sequence[float], goal: float, **more: Any) -> Law:
    return Law(name, made, seconds if isinstance(seconds, tuple) else (seconds,), goal, at_most=True, **more)


_FACTS: Final = ("device_id", "ip", "bio", "avatar", "email", "phone", "display_name", "handle", "user_agent")


def _sharing(*names: str, rest: bool = False) -> Made:
    """Shares fields of the banned account; the rest is absent, or present and another's."""

    def made(scene: Scene) -> tuple[Account, Account]:
        shown = _only(scene.other, (*_FACTS, "locale") if rest else ())
        own = {name: getattr(scene.banned, name) for name in names}
        return replaced(shown, **own), scene.banned

    return made


def _with(made: Made, **changes: Callable[[Scene], Any]) -> Made:
    def changed(scene: Scene) -> tuple[Account, Account]:
        ours, theirs = made(scene)
        return replaced(ours, **{name: change(scene) for name, change in changes.items()}), theirs

    return changed


def _street(scene: Scene) -> str:
    return str(_prefix(scene.rng, Banned(scene.banned, 0.0, scene.person))["ip"])


def _behind(letters: Callable[[Random], str]) -> Made:
    def made(scene: Scene) -> tuple[Account, Account]:
        return Account(account_id="2", handle=f"{scene.banned.handle}{letters(scene.rng)}"), scene.banned

    return made


def _ten_letters(rng: Random) -> str:
    return "".join(one_of(rng, tuple("bcdfghjklmnprstvwz")) + one_of(rng, tuple("aeiou")) for _ in range(5))


ODD: Final = (
    "Grandfather's violin, two goats and a very patient neighbour",
    "I repair lighthouse clocks and lose every chess game",
    "Seven winters in Murmansk taught me how to whistle",
    "Collects rusty keys from houses that no longer stand",
    "The tram driver who reads Rumi at the last stop",
    "Bees on the roof, debts in the cellar, songs between",
    "Ask me about the donkey that swallowed our wedding ring",
    "Half surveyor, half baker, never awake before the muezzin",
    "Меняю старые карты города на варенье из крыжовника",
    "Сплю под шум трансформатора и пишу письма дождю",
    "Vendo sombras de segunda mano y paraguas sin memoria",
    "Mi abuela contaba las olas antes de cada tormenta",
    "أربي الحمام فوق سطح المخبز وأكتب رسائل للقمر",
    "جدي باع الطاحونة واشترى مظلة ملونة للحمار",
    "چھت پر کبوتر، صحن میں انار اور دل میں پرانا ریڈیو",
    "نانی کے صندوق میں بند بارش کی آوازیں ڈھونڈتا ہوں",
)


def _odd(*, edited: bool = False) -> Made:
    def made(scene: Scene) -> tuple[Account, Account]:
        text = one_of(scene.rng, ODD)
        words = text.split()
        if edited:
            words[1 + int(scene.rng.random() * (len(words) - 1))] = "lantern"
        return (
            Account(account_id="2", bio=" ".join(words), handle=scene.renamed),
            replaced(scene.banned, bio=text),
        )

    return made


def _cliche(scene: Scene) -> tuple[Account, Account]:
    text = cliche(scene.rng, tongue(scene.person.language))
    return (
        replaced(_only(scene.other, (*_FACTS, "locale")), bio=text, ip=scene.banned.ip),
        replaced(scene.banned, bio=text),
    )


CLAIMS: Final = (
    *("backup of @{}", "new account of @{}", "formerly @{}", "old account @{} got suspended"),
    *("القناة البديلة عن @{}", "الحساب الجديد ل @{}", "cuenta nueva de @{}", "respaldo de @{}"),
    *("@{} کا نیا اکاؤنٹ", "@{} کا بیک اپ اکاؤنٹ", "новый аккаунт @{}", "резервный канал @{}"),
)
CRITICS: Final = (
    *("glad that @{} is gone", "@{} was banned at last, thank you"),
    *("reporting on @{} and others since 2019", "الحمد لله أغلقوا @{} أخيرا", "por fin cerraron @{}"),
    *("شکر ہے @{} بند ہو گیا", "наконец закрыли @{}", "follows @{} and other news"),
)


def _says(texts: Sequence[str]) -> Made:
    def made(scene: Scene) -> tuple[Account, Account]:
        text = one_of(scene.rng, texts).format(scene.banned.handle)
        handle = scene.other.handle if texts is CRITICS else scene.renamed
        return Account(account_id="2", handle=handle, bio=text), scene.banned

    return made


def _edited(scene: Scene) -> tuple[Account, Account]:
    words = str(scene.banned.bio).split(" ")
    words[int(scene.rng.random() * len(words))] = one_of(scene.rng, tongue(scene.person.language).hobbies)
    return Account(account_id="2", handle=scene.renamed, bio=" ".join(words)), scene.banned


def _relative(scene: Scene) -> tuple[Account, Account]:
    ours, theirs = _sharing("device_id", "ip", "user_agent", "locale", rest=True)(scene)
    family = str(scene.banned.display_name).split()[-1]
    return replaced(ours, display_name=f"{str(ours.display_name).split()[0]} {family}"), theirs


_HAD: Final = {"device_ids": "device_id", "emails": "email", "ips": "ip"}


def _had(field: str, several: int, *, shared: bool) -> Made:
    """Both have so many values beside their latest; one of the ban's is the new account's latest, or none."""

    def made(scene: Scene) -> tuple[Account, Account]:
        shown = _only(scene.other, (*_FACTS, "locale"))
        theirs, ours = ([f"{scene.rng.getrandbits(64):016x}" for _ in range(several)] for _ in range(2))
        if field == "emails":
            theirs, ours = ([f"{local}@gmail.com" for local in some] for some in (theirs, ours))
        if field == "ips":
            theirs, ours = ([_street(scene) for _ in range(several)] for _ in range(2))
        banned = replaced(scene.banned, **{field: tuple(theirs)})
        latest = {_HAD[field]: theirs[-1]} if shared else {}
        return replaced(shown, **latest, **{field: tuple(ours)}), banned

    return made


_NEW: Final = _sharing("device_id", rest=True)
_HOUSE: Final = _with(_NEW, ip=_street)
_FEW: Final = (
    *(Store(bans, DAY) for bans in (1, 3, 10, 50)),
    *(Store(bans, YEAR) for bans in (1, 3, 10, 50)),
)
_AGES: Final = (10 * MINUTE, 2 * DAY, 66 * DAY, 2 * YEAR)

_RARE: Final[dict[str, Any]] = {"stores": _BUT_A_MILLION}
_SOON: Final = (10 * MINUTE,)
_CROWDED: Final = tuple(
    Store(bans, people=20_000, crowd=40, crowded=frozenset({KeyKind.BIO_BAND})) for bans in BANS
)

LAWS: Final = (
    Law("exact mailbox alone", _sharing("email"), _AGES, 0.95),
    Law("exact card alone", _sharing("payment_token"), _AGES, 0.95),
    Law("exact mailbox, all else different", _sharing("email", rest=True), _AGES, 0.95),
    Law("exact number alone, to 60 days", _sharing("phone"), (10 * MINUTE, 2 * DAY, 60 * DAY), 0.95),
    _at_most("recycled number at a year", _sharing("phone", rest=True), YEAR, 0.01),
    Law("device and new handle, 10 min, few bans", _NEW, _SOON, 0.95, stores=_FEW),
    Law("device and /24, all else new, 10 min", _HOUSE, _SOON, 0.95, "likely"),
    _at_most(
        *("device and /24, all else new, 2 days", _HOUSE, 2 * DAY, 0.005),
        band="likely",
        stores=(Store(50), Store(50, YEAR), *_ALL),
    ),
    _at_most(
        *("relative, device, address, surname, 2 days", _relative, 2 * DAY, 0.005),
        band="likely",
        stores=(Store(50), *_ALL),
    ),
    _at_most("device and /24, all else new, 2 months", _HOUSE, 61 * DAY, 0.03),
    _at_most("relative, 2 months", _relative, 61 * DAY, 0.03),
    _at_most(
        "picture, name and bio copied by the banned one",
        *(_sharing("avatar", "display_name", "bio"), (DAY, 60 * DAY), 0.001),
        first_shown=True,
    ),
    Law("odd bio copied, 70 days", _odd(), (70 * DAY,), 0.90),
    Law("odd bio, one word edited, 70 days", _odd(edited=True), (70 * DAY,), 0.75, **_RARE),
    _at_most("cliché and address", _cliche, 20 * DAY, 0.001, stores=(*_ALL, *_CROWDED)),
    Law(
        *("claims to be the banned one, 40 days", _says(CLAIMS), (40 * DAY,), 0.80),
        stores=tuple(Store(bans) for bans in (30, 300, 3_000, 1_000_000)),
    ),
    _at_most("critics", _says(CRITICS), (10 * MINUTE, 40 * DAY), 0.01),
    Law("five digits behind the handle, 10 min", _behind(lambda rng: digits(rng, 5)), _SOON, 0.75, **_RARE),
    Law("ten letters behind the handle, 10 min", _behind(_ten_letters), _SOON, 0.75, **_RARE),
    Law("edited bio alone, 10 min", _edited, _SOON, 0.95, **_RARE),
    _at_most("address alone, 10 min", _sharing("ip", rest=True), 10 * MINUTE, 0.0),
    Law("second device, all else new, 10 min", _had("device_ids", 1, shared=True), _SOON, 0.95),
    Law("one of four devices, 10 min", _had("device_ids", 4, shared=True), _SOON, 0.95),
    Law("older mailbox, all else new, to 66 days", _had("emails", 2, shared=True), _AGES[:3], 0.95),
    _at_most("sixteen devices each, 10 min", _had("device_ids", 16, shared=False), 10 * MINUTE, 0.0),
    _at_most("eight addresses each of one network", _had("ips", 8, shared=False), 10 * MINUTE, 0.0),
    _at_most("second-hand phone, a year", _sharing("device_id", rest=True), YEAR, 0.0),
)


def scenes_of(renames: Sequence[tuple[str, str]], seed: int, count: int) -> list[Scene]:
    """So many banned people, each with the handles of a real pair, and a stranger for each."""
    rng = seeded(seed, "laws")
    population, strangers = Population(seed, 4 * count), Population(seed + 1, 4 * count)
    chosen = [renames[place] for place in rng.sample(range(len(renames)), count)]
    scenes = []
    for number, (old, new) in enumerate(chosen):
        person = _whole(population, rng)
        token = f"tok_{seed}_{number:06d}"
        banned = replaced(profile(person), account_id="1", handle=old, payment_token=token)
        other = replaced(profile(_whole(strangers, rng)), account_id="2")
        scenes.append(Scene(seeded(seed, f"law {number}"), banned, person, other, new))
    return scenes


def _keyer(domain: str, value: bytes) -> bytes:
    return blake2b(value, digest_size=10, person=domain.encode()[:16]).digest()


def _seen(account: Account, at: float) -> Fingerprint:
    return distil(account_of("x", account), _keyer, at=at)


def judged(law: Law, scene: Scene, store: Store, seconds: float, weights: Weights) -> Score:
    """The score of one pair in one store."""
    # The same draw in every store and at every moment.
    ours, theirs = law.made(scene._replace(rng=seeded(1, str(scene.banned.handle))))
    showings = (Showings(100, 100), Showings(900, 900)) if law.first_shown else None
    return score(_seen(ours, NOW), _seen(theirs, NOW - seconds), weights, store, policy="", showings=showings)


def measured(law: Law, scenes: Sequence[Scene], weights: Weights) -> dict[str, Share]:
    """The share of pairs that reach the band, by store and moment."""
    found = {}
    for store in law.stores:
        for seconds in law.seconds:
            told = [judged(law, scene, store, seconds, weights) for scene in scenes]
            span = f"{seconds / DAY:g} days" if seconds >= DAY else f"{seconds / MINUTE:g} minutes"
            hits = sum(RANK[one.band] >= RANK[law.band] for one in told)
            where = f"{store.bans:,} bans" + (", counted" if store.people else "")
            where += ", of a day" if store.spread == DAY else ", of a year" if store.spread == YEAR else ""
            found[f"{where}, {span}"] = Share(hits, len(told))
    return found


def worst(law: Law, found: Mapping[str, Share]) -> tuple[str, float]:
    """Where a law holds least, and the share there."""
    shares = {where: share.hits / share.of for where, share in found.items()}
    where = (max if law.at_most else min)(shares, key=lambda one: shares[one])
    return where, shares[where]


def table(renames: Sequence[tuple[str, str]], *, seed: int, count: int) -> Iterator[str]:
    """The rows of the note: each law in the store and at the moment where it holds least."""
    weights, scenes = default_weights(), scenes_of(renames, seed, count)
    yield "| law | measured where it is worst | goal: `possible`, unless named |"
    yield "| --- | --- | --- |"
    for law in LAWS:
        where, share = worst(law, measured(law, scenes, weights))
        band = "" if law.band == "possible" else f" `{law.band}`"
        goal = f"{'≤' if law.at_most else '≥'} {100 * law.goal:g} %{band}"
        holds = share <= law.goal if law.at_most else share >= law.goal
        yield f"| {law.name} | {100 * share:.1f} % ({where}){'' if holds else ' **missed**'} | {goal} |"
