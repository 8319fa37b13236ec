"""The two accounts of an alert, by what it quotes of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from schemas.alerts import MirrorAlert
from schemas.keys import account_key


@dataclass(frozen=True, slots=True)
class Person:
    """One account. `name`, `handle`: as quoted, "" where the alert quotes none."""

    platform: str
    account_id: str
    name: str = ""
    handle: str = ""

    @property
    def key(self) -> str:
        """`platform:account_id`."""
        return account_key(self.platform, self.account_id)


def person_of(key: str) -> Person:
    """The account of a key, of which nothing is quoted."""
    platform, _, account_id = key.partition(":")
    return Person(platform, account_id)


def people(alert: MirrorAlert) -> tuple[Person, Person]:
    """Returns the new account and the banned one."""
    quoted = {line.signal: line for line in (*alert.counter_evidence, *alert.evidence)}
    name, handle = quoted.get("name"), quoted.get("handle")
    matched = alert.matched
    return (
        Person(alert.platform, alert.account_id, name.ours if name else "", handle.ours if handle else ""),
        Person(
            matched.platform, matched.account_id, name.theirs if name else "", handle.theirs if handle else ""
        ),
    )


_LENGTH: Final = re.compile(r"\d{1,3}\+? characters")


def quoted_bio(value: str) -> str:
    """Returns a self-description, or "" where workers kept its length alone (`SAMEHAND_QUOTE_BIO`)."""
    return "" if _LENGTH.fullmatch(value) else value


def quoted_bios(alert: MirrorAlert) -> tuple[str, str]:
    """Returns the self-descriptions of the new account and of the banned one, "" where none is quoted."""
    for line in (*alert.evidence, *alert.counter_evidence):
        if line.signal == "bio" and (line.ours or line.theirs):
            return quoted_bio(line.ours), quoted_bio(line.theirs)
    return "", ""


def person_called(key: str, pairs: Iterable[tuple[Person, Person]]) -> Person:
    """Returns an account with the first name or handle that is quoted of it."""
    for pair in pairs:
        for person in pair:
            if person.key == key and (person.name or person.handle):
                return person
    return person_of(key)
