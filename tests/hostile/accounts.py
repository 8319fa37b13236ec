"""Accounts that an attacker may send within every limit of the schema, each made to cost as much as it can.

Each has a name that says what it is full of. They are data: what a worker, a look-up or a page does with them
is asked by the tests that use them.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import json

from schemas.accounts import Account
from schemas.fields import BIO_CHARS_MAX, DISPLAY_NAME_CHARS_MAX, HANDLE_CHARS_MAX, LINK_CHARS_MAX, LINKS_MAX

#: What a text is filled with, over and over: each drives one pattern, table or rule to its worst.
UNITS: Final[dict[str, str]] = {
    "strokes that draw letters": "/\\",
    "strokes the other way": "\\/",
    "bars that draw an h": "|-|",
    "bars that draw an n or an l": "|\\|",
    "brackets": "(",
    "brackets around spelled signs": "[at] x [dot] y ",
    "one digit": "1",
    "digits apart": "1 ",
    "digits with dashes": "1-",
    "digits in brackets": "(1) ",
    "phone numbers": "+1 201 555 0123 ",
    "short phone numbers": "1234567 ",
    "digits for letters": "a1",
    "digits of the chat alphabet": "a7",
    "exclamation marks": "a!",
    "at signs": "@",
    "mentions": "@ab ",
    "mentions on a platform": "telegram: @ab ",
    "claimed accounts": "backup of @ab ",
    "mailboxes": "a@b.co ",
    "half a mailbox": "a@",
    "a mailbox that does not end": "a@b.",
    "labels of a host": "a.",
    "hosts": "a.co ",
    "schemes": "http://",
    "addresses": "https://a.co/b ",
    "invitations": "t.me/+abcd1234 ",
    "invitations in spaces": "t . me / ab ",
    "spelled dots": "x dot y ",
    "spelled mailboxes": "ab at gmail.com ",
    "escapes of an address": "a.co/%41%42 ",
    "parts of a path": "a.co/b/c/d ",
    "one letter": "a",
    "letters and spaces": "a ",
    "capitals in turn": "aB",
    "humps of camel case": "AliKhan",
    "a capital I": "aIa",
    "doubled v": "vva ",
    "r and n": "rna",
    "letters without repeats": "abcdefghijklmnopqrstuvwxyz",
    "words of one letter and underscores": "a_",
    "words that decorate": "official_",
    "common names": "ahmed ",
    "names run together": "ahmed",
    "apostrophes": "a'",
    "full stops": ".",
    "underscores": "_",
    "spaces": " a",
    "line feeds": "\na",
    "a ligature of eighteen letters": "\ufdfa",
    "ligatures of eight letters": "\ufdfb ",
    "ligatures of three letters": "\ufb03",
    "squared words": "\u3316",
    "a capital that grows": "\u0130",
    "sharp s": "\u00df",
    "piles of marks": "a\u0301\u0302\u0303\u0304",
    "marks alone": "\u0301",
    "marks in the wrong order": "\u0301\u0316",
    "mathematical letters": "\U0001d400",
    "full-width letters": "\uff21\uff42 ",
    "two scripts in a word": "a\u0430",
    "look-alikes": "\u0430\u0435\u043e",
    "Cyrillic of four letters": "\u0449",
    "Arabic letters": "\u0633\u0647",
    "Arabic articles": "\u0627\u0644\u0643 ",
    "Arabic marks": "\u0628\u064b",
    "Devanagari consonants": "\u0915",
    "Devanagari conjuncts": "\u0915\u094d",
    "Devanagari with dots": "\u0915\u093c",
    "Devanagari said otherwise": "\u091c\u094d\u091e",
    "ideographs": "\u4e2d",
    "ideographs that look Latin": "\u5344",
    "Hangul": "\ud55c",
    "kana": "\u30ab",
    "letters that no table lists": "\U00018b00",
    "letters that no table lists, apart": "\U00018b00 ",
    "letters of either look": "\u2110",
    "single regional indicators": "\U0001f1e6 ",
    "flags": "\U0001f1e6\U0001f1e7",
    "families of emoji": "\U0001f468\u200d\U0001f469\u200d",
    "tags": "\U0001f3f4\U000e0041",
    "invisible characters": "a\u200b",
    "marks of direction": "a\u202e",
    "joiners": "\u0628\u200d",
    "signs for letters": "a\u2713",
    "full-width digits": "\uff11",
    "Arabic digits": "\u0661 ",
    "circled digits": "\u2460",
    "fractions": "\u00bd",
    "characters outside the first plane": "\U0010fffd",
    "years": "2019 ",
    "words of a name in two scripts": "ali\u0639\u0644\u06cc ",
}


#: What costs the most of each kind: to fold, to judge, to sort, to write out.
_WORST: Final = {
    "phone numbers": "+1 201 555 0123 ",
    "points of every kind": "+1 201 555 0123 @ab a@b.co a.co backup of @cd ",
    "ligatures": "\ufdfa",
    "ligatures and numbers": "\ufdfa +1 201 555 0123 ",
    "Devanagari": "\u0915",
    "ideographs that look Latin": "\u5344",
    "marks in the wrong order": "\u0301\u0316",
    "strokes that draw letters": "/\\",
}

#: What fills the fields that are not texts of any kind.
PERSONAL: Final[dict[str, dict[str, Any]]] = {
    "an e-mail address of many labels": {"email": f"a@{'x.' * 125}zz"},
    "an e-mail address in ideographs": {"email": f"{chr(0xE9) * 60}@{(chr(0x4E2D) * 60 + '.') * 4}com"},
    "an e-mail address of ligatures": {"email": "\ufdfa" * 320},
    "an e-mail address of marks in the wrong order": {"email": "\u0301\u0316" * 160},
    "an e-mail address that never begins": {"email": "<" * 320},
    "a phone number with an extension": {"phone": "+1 (201) 555-0123 ext. 99999"},
    "a phone number of nothing but ones": {"phone": "1 " * 32},
    "a device of two letters": {"device_id": "ab" * 128},
    "a device of three letters": {"device_id": "abc" * 85},
    "a device of dashes": {"device_id": "-{" * 128},
    "a user agent of phones": {"user_agent": "android 1;" * 102},
    "a user agent of builds": {"user_agent": f"android 1;{' build/' * 140})"},
    "a user agent of one product": {"user_agent": "a" * 1_024},
    "an address of ones": {"ip": "1:" * 32},
    "an address within an address": {"ip": "::ffff:192.0.2.1"},
    "a locale of subtags": {"locale": "a-" * 32},
    "a referrer of ligatures": {"referrer": "\ufdfa" * 2_048},
    "a payment token of ligatures": {"payment_token": "\ufdfa" * 256},
    "mailboxes of ligatures": {"emails": tuple("\ufdfa" * 310 + str(place) for place in range(16))},
    "mailboxes of one domain": {"emails": tuple(f"u{place}@valley.example" for place in range(16))},
    "phone numbers of one block": {"phones": tuple(f"+92301234{place:04}" for place in range(16))},
    "devices without end": {"device_ids": tuple("ab" * 120 + str(place) for place in range(16))},
}


def full(unit: str, length: int) -> str:
    """A text of that length, of the unit over and over."""
    return (unit * (length // len(unit) + 1))[:length]


def filled(field: str, unit: str, share: float = 1.0) -> dict[str, Any]:
    """A profile of one field, full of the unit up to this share of its limit."""
    if field == "links":
        # Each a little different, lest a cache answer for it.
        length = round(LINK_CHARS_MAX * share)
        return {"links": tuple(full(f"{unit}{number}"[::-1] + unit, length) for number in range(LINKS_MAX))}
    return {field: full(unit, round(TEXTS[field] * share))}


#: Texts in which an attacker may write anything, and their limits.
TEXTS: Final[dict[str, int]] = {
    "handle": HANDLE_CHARS_MAX,
    "display_name": DISPLAY_NAME_CHARS_MAX,
    "bio": BIO_CHARS_MAX,
}


def profiles() -> dict[str, dict[str, Any]]:
    """The fields of every hostile account, by its name."""
    named = {
        f"{field}: {name}": filled(field, unit) for field in (*TEXTS, "links") for name, unit in UNITS.items()
    }
    named |= {f"sign-up: {name}": fields for name, fields in PERSONAL.items()}
    for name, unit in _WORST.items():
        everything: dict[str, Any] = {}
        for fields in PERSONAL.values():
            everything |= fields
        for field in (*TEXTS, "links"):
            everything |= filled(field, unit)
        named[f"everything: {name}"] = everything
    return named


def accounts() -> dict[str, Account]:
    """Every hostile account, as it is decoded from a record: each is within all limits."""
    return {
        name: json.decode(json.encode(Account(account_id=f"hostile-{place}", **fields)), type=Account)
        for place, (name, fields) in enumerate(profiles().items())
    }
