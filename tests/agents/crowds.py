"""Innocent crowds of one day, as records: people who were handed the same things where they belong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from schemas.accounts import AccountCreated, Avatar
from tests.makers import NOON, a_sign_up

PHONE: Final = "Mozilla/5.0 (Linux; Android 13; SM-A536B) Chrome/120.0.0.0 Mobile Safari/537.36"
TABLET: Final = "f3b1c9d2-77aa-4e5f-9b1e-2f6c1d0e9a11"
CARD: Final = "tok_5f0c9b1e7a3d2468c0de"
PICTURE: Final = Avatar(pdq=bytes(range(0, 256, 8)).hex(), quality=90)
_GIVEN: Final = ("anna", "tobias", "mehmet", "lucia", "pavel", "ines", "jonas", "clara", "emil", "nora")
_FAMILY: Final = ("keller", "brandt", "yilmaz", "moreno", "novak", "costa", "weber", "roth", "lang", "maier")
_WORDS: Final = (
    "I bake bread.",
    "Rides a bike to everywhere",
    "two cats, one garden",
    "Trumpet and tea",
    "Chess on Sundays",
    "mostly photographs of clouds",
    "Learning Portuguese slowly",
    "swims in cold lakes",
    "Old maps, new shoes",
    "Knits for the whole street",
)

Crowd = Callable[[int], dict[str, Any]]


def people(crowd: Crowd, many: int = 10) -> list[AccountCreated]:
    """The people of a crowd, one after another."""
    return [
        a_sign_up(f"p{number}", at=NOON + timedelta(minutes=10 + number), **own(number) | crowd(number))
        for number in range(many)
    ]


def own(number: int) -> dict[str, Any]:
    """What a person of any crowd has of their own."""
    given, family = _GIVEN[number], _FAMILY[number]
    return {
        "handle": f"{given}_{family}{70 + number}",
        "display_name": f"{given.title()} {family.title()}",
        "bio": _WORDS[number],
        "ip": f"81.2.{number}.7",
        "locale": "de-DE",
    }


def first_day_at_a_company(number: int) -> dict[str, Any]:
    return {
        "email": f"{_GIVEN[number]}.{_FAMILY[number]}@acme-pumps.example",
        "phone": f"+4915112345{60 + number}",
        "ip": f"198.51.100.{20 + number}",
        "user_agent": PHONE,
        "referrer": "invite/acme-pumps",
        "links": ("https://acme-pumps.example",),
    }


def company_card(number: int) -> dict[str, Any]:
    """Staff who work at home, paid for by their company."""
    return {
        "payment_token": CARD,
        "referrer": "invite/acme-pumps",
        "bio": f"{('Design', 'Sales', 'Legal')[number % 3]} at Acme Pumps. Views are my own.",
        "links": ("https://acme-pumps.example",),
    }


def chapters_of_a_party(number: int) -> dict[str, Any]:
    town = _FAMILY[number]
    return {
        "handle": f"green_valley_{town}",
        "display_name": f"Green Valley {town.title()}",
        "bio": f"Green Valley in {town.title()}. Come to our meetings, everybody is welcome!",
        "email": f"{town}@green-valley.example",
        "phone": f"+4915112345{60 + number}",
        "avatar": PICTURE,
        "links": ("https://green-valley.example",),
        "referrer": "invite/green-valley",
    }


def family(number: int) -> dict[str, Any]:
    return {
        "handle": f"{_GIVEN[number]}_keller",
        "display_name": f"{_GIVEN[number].title()} Keller",
        "ip": "81.2.69.142",
        "payment_token": CARD,
        "device_id": TABLET,
        "phone": "+4915112345678",
    }


def class_with_one_tablet(number: int) -> dict[str, Any]:
    given = _GIVEN[number]
    return {
        "email": f"{given}@lincoln-high.example",
        "bio": f"{given.title()}, class of 2027 at Lincoln High",
        "ip": "198.51.100.20",
        "device_id": TABLET,
        "user_agent": PHONE,
        "phone": "+4915112345678",
        "referrer": "invite/lincoln-high",
    }


def library(number: int) -> dict[str, Any]:
    """Visitors of a library or a shelter, some by the telephone of a helper."""
    helped = {"phone": "+4915112345678"} if number % 2 else {}
    return {"ip": "198.51.100.20", "device_id": TABLET, "user_agent": PHONE} | helped


CROWDS: Final = (
    first_day_at_a_company,
    company_card,
    chapters_of_a_party,
    family,
    class_with_one_tablet,
    library,
)
