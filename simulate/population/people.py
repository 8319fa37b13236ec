"""People with one account each: names by Zipf, devices, networks, and what they leave out."""

from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from simulate.population import bios, devices
from simulate.population.avatars import Gallery, PictureHash, photo
from simulate.population.handles import NAMELESS_PLATFORMS, TakenHandles, fitted, handle
from simulate.population.languages import Name, Tongue, tongue
from simulate.population.networks import AccessLine, Networks
from simulate.population.phones import phone, written
from simulate.sampling import Weighted, between, one_of, seeded

_COMMON = ["gmail.com", "hotmail.com", "yahoo.com", "outlook.com", "icloud.com", "proton.me"]
_PROVIDERS = {
    "": Weighted(_COMMON, [62, 11, 12, 9, 5, 1]),
    "ru": Weighted(["mail.ru", "yandex.ru", "bk.ru", *_COMMON], [34, 26, 4, 28, 2, 2, 2, 1, 1]),
    "zh": Weighted(["qq.com", "163.com", "126.com", *_COMMON], [42, 24, 8, 16, 4, 1, 3, 1, 1]),
    "ko": Weighted(["naver.com", "daum.net", *_COMMON], [52, 10, 30, 2, 1, 2, 2, 1]),
}
_DISPOSABLE = ("mailinator.com", "guerrillamail.com", "10minutemail.com", "temp-mail.org", "yopmail.com")
DISPOSABLE_SHARE = 0.01
"""Share of ordinary accounts with a throw-away mailbox; of evaders who take a new one, far more."""


def email(
    rng: Random,
    language: str,
    given: Name,
    family: Name,
    handle: str,
    disposable_share: float = DISPOSABLE_SHARE,
) -> str:
    """A mailbox of one's own: named after the person, after the handle, or a throw-away."""
    if rng.random() < disposable_share:
        return f"{given.latin[0]}{between(rng, 100, 99_999)}@{one_of(rng, _DISPOSABLE)}"
    domain = _PROVIDERS.get(language, _PROVIDERS[""]).pick(rng)
    if domain == "qq.com":
        return f"{between(rng, 10_000_000, 4_000_000_000)}@{domain}"
    first, last = given.latin[0], family.latin[0]
    draw = rng.random()
    if draw < 0.35:
        local = f"{first}{one_of(rng, ('.', '', '_'))}{last}{between(rng, 1, 9999)}"
    elif draw < 0.5:
        local = f"{first[0]}{last}{between(rng, 1, 99_999)}"
    elif draw < 0.52:
        local = f"{first}{last}+{one_of(rng, ('social', 'x', 'apps', 'new'))}"
        local = local.replace("+", f"{between(rng, 1, 9999)}+")
    else:
        local = f"{handle}{between(rng, 1, 999)}"
    name, _, tag = local.lower().partition("+")
    return f"{fitted('instagram', name).strip('._')}{'+' + tag if tag else ''}@{domain}"


LANGUAGE_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"en": 20, "es": 13, "zh": 10, "ko": 7, "ar": 12, "ur": 12, "ps": 6, "ru": 8, "tr": 5, "hi": 7}
)
"""Shares of the population by language, in percent."""

_COUNTRIES = {
    "en": Weighted(["US", "GB", "CA"], [60, 28, 12]),
    "es": Weighted(["MX", "ES", "CO", "AR"], [38, 27, 20, 15]),
    "zh": Weighted(["CN", "TW"], [80, 20]),
    "ko": Weighted(["KR"], [1]),
    "ar": Weighted(["EG", "SA", "IQ", "MA"], [40, 25, 20, 15]),
    "ur": Weighted(["PK", "IN"], [93, 7]),
    "ps": Weighted(["AF", "PK"], [60, 40]),
    "ru": Weighted(["RU", "KZ"], [88, 12]),
    "tr": Weighted(["TR", "DE"], [88, 12]),
    "hi": Weighted(["IN"], [1]),
}
PLATFORMS = Weighted(
    ["x", "instagram", "facebook", "telegram", "whatsapp", "forum"], [0.34, 0.21, 0.2, 0.15, 0.05, 0.05]
)


class _Has:
    """Share of accounts that carry each field."""

    display_name, bio, links, locale = 0.96, 0.62, 0.08, 0.92
    email, number, device_id, user_agent = 0.72, 0.6, 0.95, 0.98
    payment_token, referrer, avatar = 0.06, 0.4, 0.9


class Person(msgspec.Struct, frozen=True, gc=False):
    """One account and who is behind it. ``number`` is the phone in E.164, ``phone`` as it was typed."""

    account_id: str
    platform: str
    language: str
    country: str
    given: Name
    family: Name
    handle: str | None = None
    display_name: str | None = None
    bio: str | None = None
    links: tuple[str, ...] = ()
    locale: str | None = None
    email: str | None = None
    number: str | None = None
    phone: str | None = None
    device_id: str | None = None
    ip: str | None = None
    network: str = "home"
    user_agent: str | None = None
    payment_token: str | None = None
    referrer: str | None = None
    avatar: PictureHash | None = None
    second_device: str | None = None
    older_email: str | None = None

    @property
    def key(self) -> str:
        """The Kafka key: platform and account id."""
        return f"{self.platform}:{self.account_id}"


class Population:
    """Makes people, one after the other; what many of them share (pictures, addresses) is drawn once."""

    def __init__(self, seed: int, accounts: int, languages: Mapping[str, float] = LANGUAGE_WEIGHTS) -> None:
        self.networks = Networks(seed)
        self.gallery = Gallery(seed)
        self._languages = Weighted(list(languages), list(languages.values()))
        self._taken = TakenHandles(accounts)
        self._count = seeded(seed, "account ids").getrandbits(24)

    def person(self, rng: Random, language: str | None = None, platform: str | None = None) -> Person:
        """Somebody new, of a language or of any."""
        draw = rng.random
        language = language or self._languages.pick(rng)
        platform = platform or PLATFORMS.pick(rng)
        speech = tongue(language)
        country = _COUNTRIES[language].pick(rng)
        given = speech.given.pick(rng)
        family = (speech.feminine_family if given.feminine else speech.family).pick(rng)
        wish = self.handle(rng, platform, speech, given, family)
        name = wish or given.latin[0]
        number = phone(rng, country) if platform in NAMELESS_PLATFORMS or draw() < _Has.number else None
        line = self.networks.line(rng, country)
        return Person(
            account_id=self.account_id(),
            platform=platform,
            language=language,
            country=country,
            given=given,
            family=family,
            handle=wish,
            display_name=display_name(rng, speech, given, family, platform)
            if draw() < _Has.display_name
            else None,
            bio=bios.bio(rng, speech, name) if draw() < _Has.bio else None,
            links=(f"https://{bios.contact(rng, name)}",) if draw() < _Has.links else (),
            locale=f"{language}-{country}" if draw() < _Has.locale else None,
            email=email(rng, language, given, family, name) if draw() < _Has.email else None,
            number=number,
            phone=written(rng, number, country) if number else None,
            device_id=devices.device_id(rng) if draw() < _Has.device_id else None,
            ip=line.ip,
            network=line.kind,
            user_agent=devices.user_agent(rng) if draw() < _Has.user_agent else None,
            payment_token=devices.payment_token(rng) if draw() < _Has.payment_token else None,
            referrer=devices.referrer(rng) if draw() < _Has.referrer else None,
            avatar=self.gallery.avatar(rng, platform) if draw() < _Has.avatar else None,
        )

    def account_id(self) -> str:
        """An id nobody had; ids do not follow each other, so that none tells when or why it was made."""
        self._count += 1
        return str((self._count * 0x9E3779B97F4A7C15) % (1 << 60))

    def handle(self, rng: Random, platform: str, speech: Tongue, given: Name, family: Name) -> str | None:
        """A free handle, or none where accounts have none."""
        if platform in NAMELESS_PLATFORMS:
            return None
        return self._taken.claim(rng, platform, handle(rng, platform, speech, given, family))

    def claim(self, rng: Random, platform: str, wish: str) -> str:
        """This handle if it is free, else with digits."""
        return self._taken.claim(rng, platform, fitted(platform, wish))

    def equipped(self, rng: Random, person: Person, traits: frozenset[str]) -> Person:
        """The same person with each of these ``TRAITS``, and telling: no junk id, no default picture."""
        for trait in sorted(traits):
            person = {**TRAITS, **_FORMER}[trait](self, rng, person)
        return person

    def stranger(
        self, rng: Random, person: Person, language: str | None = None, platform: str | None = None
    ) -> Person:
        """Somebody who shares not one identifying value with this person, not even by chance."""
        while True:
            other = self.person(rng, language, platform)
            if not shared(person, other):
                return other

    def changed(self, rng: Random, person: Person) -> Person:
        """The same account after its owner gave it another bio, picture, name or handle."""
        speech = tongue(person.language)
        draw = rng.random()
        if draw < 0.4:
            return replace(person, bio=bios.bio(rng, speech, _name(person)))
        if draw < 0.7:
            return replace(person, avatar=self.gallery.avatar(rng, person.platform))
        if draw < 0.85 or person.handle is None:
            shown = display_name(rng, speech, person.given, person.family, person.platform)
            return replace(person, display_name=shown)
        return replace(person, handle=self.handle(rng, person.platform, speech, person.given, person.family))

    def second_account(self, rng: Random, person: Person) -> Person:
        """Another account of the same person on the same device and line, in nobody's way."""
        other = self.person(rng, person.language, person.platform)
        speech = tongue(person.language)
        handle = self.handle(rng, person.platform, speech, person.given, person.family)
        return replace(
            person,
            account_id=other.account_id,
            handle=handle,
            bio=other.bio,
            links=other.links,
            avatar=other.avatar,
            payment_token=other.payment_token,
            referrer=other.referrer,
        )

    def before(self, rng: Random, mirror: Person, banned: Person) -> Person:
        """What an account was before it became this mirror: a stranger's to the banned one."""
        while True:
            other = self.stranger(rng, banned, platform=mirror.platform)
            if not shared(mirror, other):
                return replace(other, account_id=mirror.account_id)

    def new_email(self, rng: Random, person: Person, disposable_share: float = DISPOSABLE_SHARE) -> str:
        name = person.handle or person.given.latin[0]
        return email(rng, person.language, person.given, person.family, name, disposable_share)


def display_name(rng: Random, speech: Tongue, given: Name, family: Name, platform: str) -> str:
    """The name shown: in the own script or in Latin letters, in full or not, plain or decorated."""
    native = speech.latin_script or rng.random() < 0.6
    first, last = (given.native, family.native) if native else (_spelt(rng, given), _spelt(rng, family))
    draw = rng.random()
    if draw < 0.22 or platform == "whatsapp":
        return first
    shown = f"{last}{first}" if speech.family_first and native else f"{first} {last}"
    if draw < 0.82:
        return shown
    if draw < 0.9:
        return f"{shown} {one_of(rng, bios.EMOJI)}"
    return shown.lower() if draw < 0.95 else shown.upper()


def shared(person: Person, other: Person) -> set[str]:
    """Names of the identifying fields in which two accounts agree exactly."""
    return {
        field
        for field in IDENTIFYING
        if getattr(person, field) and getattr(person, field) == getattr(other, field)
    }


IDENTIFYING = (
    *("handle", "display_name", "bio", "links", "email", "number", "device_id", "ip", "payment_token"),
    *("referrer", "avatar"),
)
"""The fields in which agreement can point at one person behind two accounts."""


def _spelt(rng: Random, name: Name) -> str:
    return (name.latin[0] if rng.random() < 0.75 else one_of(rng, name.latin)).capitalize()


def with_bio(population: Population, rng: Random, person: Person) -> Person:
    return replace(person, bio=bios.own_words(rng, tongue(person.language), _name(person)))


def with_contact(population: Population, rng: Random, person: Person) -> Person:
    words = bios.own_words(rng, tongue(person.language), _name(person), contact_share=1.0)
    return replace(person, bio=words, links=(f"https://{bios.contact(rng, _name(person))}",))


def with_photo(population: Population, rng: Random, person: Person) -> Person:
    return replace(person, avatar=photo(rng))


def with_email(population: Population, rng: Random, person: Person) -> Person:
    return replace(person, email=person.email or population.new_email(rng, person))


def with_number(population: Population, rng: Random, person: Person) -> Person:
    number = person.number or phone(rng, person.country)
    return replace(person, number=number, phone=written(rng, number, person.country))


def with_device(population: Population, rng: Random, person: Person) -> Person:
    device = devices.device_id(rng)
    while device in devices.JUNK_IDS:
        device = devices.device_id(rng)
    return replace(person, device_id=device, user_agent=person.user_agent or devices.user_agent(rng))


def with_display_name(population: Population, rng: Random, person: Person) -> Person:
    speech = tongue(person.language)
    shown = person.display_name or display_name(rng, speech, person.given, person.family, person.platform)
    return replace(person, display_name=shown)


def with_payment(population: Population, rng: Random, person: Person) -> Person:
    return replace(person, payment_token=devices.payment_token(rng))


def with_second(population: Population, rng: Random, person: Person) -> Person:
    """Another device and an older mailbox beside those that the person uses now."""
    second = with_device(population, rng, person).device_id
    return replace(person, second_device=second, older_email=population.new_email(rng, person))


def with_home_line(population: Population, rng: Random, person: Person) -> Person:
    return placed(person, population.networks.home(rng, person.country))


def placed(person: Person, line: AccessLine) -> Person:
    return replace(person, ip=line.ip, network=line.kind)


def _name(person: Person) -> str:
    return person.handle or person.given.latin[0]


TRAITS: Mapping[str, Callable[[Population, Random, Person], Person]] = MappingProxyType(
    {
        "bio": with_bio,
        "contact": with_contact,
        "photo": with_photo,
        "email": with_email,
        "number": with_number,
        "device": with_device,
        "display_name": with_display_name,
        "payment": with_payment,
        "home_line": with_home_line,
    }
)
"""What a person can be given, so that there is something to carry over to the next account."""
_FORMER: Mapping[str, Callable[[Population, Random, Person], Person]] = {"second": with_second}
"""The same beside the latest values; few people have it, and who has all traits has not."""
