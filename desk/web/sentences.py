"""Reasons as sentences of the desk's own, by signal and level: what can be said in every language.

An alert brings a sentence of its own in English, which may tell more. Where another language is read, the
desk says it by these; of a level that is not here it shows the alert's.
"""

from __future__ import annotations

import re
from typing import Final

from samehand.scoring import rivals

SIGNALS: Final[dict[str, str]] = {
    "handle": "Handle",
    "name": "Display name",
    "admirer": "Admirer",
    "crossing": "Handle and name",
    "email": "E-mail",
    "phone": "Phone",
    "device": "Device",
    "payment": "Payment",
    "network": "Network",
    "agent": "Browser or phone",
    "locale": "Language and region",
    "referrer": "Invitation",
    "avatar": "Picture",
    "bio": "Self-description",
    "contact": "Contact point",
    "reach": "Own contact",
    "first_shown": "Who was first",
    "mention": "Organisation named",
    "disguise": "Disguised writing",
    "timing": "Moment",
    "platform": "Platform",
    "rule": "Rule",
    "rivals": "Other explanations",
    "quarantine": "Quarantine",
    "prior": "How common mirrors are",
    "sum": "Sum",
}

RIVALS: Final[dict[str, tuple[str, str]]] = {
    rival.name: (rival.who, rival.sentence) for rival in rivals.RIVALS
}
"""What else a pair could be: who, and the sentence on it, by the name that alerts have."""

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

LEVELS: Final[dict[tuple[str, str], str]] = {
    ("handle", "same-handle"): "The handles are the same.",
    ("handle", "same"): "The handles are the same but for letters that look alike, separators or digits.",
    ("handle", "personal-name"): "The handles are the same name of a person.",
    ("handle", "decorated"): "The handles are the same but for words such as “official” or “backup”.",
    ("handle", "extended"): "One handle is the other with something put before or after it.",
    ("handle", "reordered"): "The handles are made of the same words in another order.",
    ("handle", "one-typo"): "The handles differ in one letter.",
    ("handle", "two-typos"): "The handles differ in two letters.",
    ("handle", "consonants"): "The handles have the same consonants.",
    ("handle", "same-number"): "The handles have the same number.",
    ("handle", "part"): "The handles have a run of letters in common.",
    ("handle", "different"): "The handles do not resemble each other.",
    ("name", "same-name"): "The display names are the same.",
    ("name", "same-words"): "The display names are made of the same words.",
    ("name", "near-same"): "The display names have the same words in other spellings.",
    ("name", "shared-words"): "The display names share some words.",
    ("name", "different"): "The display names do not resemble each other.",
    ("admirer", "says-so"): "The account calls itself an admirer's, as many harmless ones do.",
    ("crossing", "spells-it"): "One account's handle spells the other's display name.",
    ("crossing", "nearly"): "One account's handle nearly spells the other's display name.",
    ("crossing", "part"): "One account's handle has a part of the other's display name.",
    ("email", "same-address"): "Both accounts use the same e-mail address.",
    (
        "email",
        "same-mailbox",
    ): "Both accounts use the same mailbox; an address has a tag that its provider ignores.",
    (
        "email",
        "same-local-part",
    ): "The e-mail addresses have the same name, but not the same mailbox.",
    (
        "email",
        "same-domain",
    ): "The e-mail addresses have the same domain, which belongs to no public provider.",
    ("email", "both-disposable"): "Both accounts use a throw-away e-mail provider.",
    ("email", "different"): "The accounts use different e-mail addresses.",
    ("phone", "same-number"): "Both accounts use the same phone number.",
    ("phone", "same-block"): "The phone numbers are of one block of a hundred.",
    ("phone", "different"): "The accounts use different phone numbers.",
    ("device", "same"): "Both accounts were made on the same device.",
    ("device", "different"): "The accounts were made on different devices.",
    ("payment", "same"): "Both accounts paid with the same card or wallet.",
    ("payment", "different"): "The accounts paid with different cards or wallets.",
    ("network", "same-address"): "Both accounts came from the same internet address.",
    ("network", "same-prefix"): "Both accounts came from the same small network.",
    ("network", "same-site"): "Both accounts came from the same customer's network.",
    ("network", "different"): "The accounts came from different networks.",
    ("agent", "same"): "Both accounts were made with the same model of phone or browser.",
    ("locale", "same"): "Both accounts use the same language and region.",
    ("locale", "other-language"): "The accounts use different languages.",
    ("referrer", "same"): "Both accounts came through the same invitation or link.",
    ("avatar", "same-picture"): "Both accounts show the same picture.",
    ("avatar", "near-same-picture"): "Both accounts show nearly the same picture.",
    ("avatar", "edited-picture"): "The pictures look like edits of one another.",
    ("avatar", "alike-pictures"): "The pictures resemble each other.",
    ("avatar", "distantly-alike"): "The pictures resemble each other from afar.",
    ("avatar", "different"): "The accounts show different pictures.",
    ("bio", "almost-same"): "The self-descriptions are the same or nearly so.",
    ("bio", "mostly-same"): "The self-descriptions are mostly the same.",
    ("bio", "partly-same"): "The self-descriptions agree in part.",
    ("bio", "different"): "The self-descriptions are different.",
    ("contact", "shared"): "Both profiles give the same contact point.",
    ("contact", "announced"): "The banned account's profile named this account.",
    ("contact", "succeeds"): "This account's profile calls the banned account its own.",
    ("contact", "names-it"): "This account's profile names the banned account, as critics do too.",
    ("reach", "mailbox"): "One account signed up with the mailbox that the other's profile names.",
    ("reach", "number"): "One account signed up with the number that the other's profile names.",
    ("first_shown", "found-first"): "This account showed it before the banned one did.",
    ("first_shown", "unknown"): "It is not known which of the two showed it first.",
    ("mention", "names-it"): "The self-description names the listed organisation as well.",
    ("disguise", "hiding"): "The name is written to hide from a search.",
    ("timing", "within-ten-minutes"): "The account was made within ten minutes of the ban.",
    ("timing", "within-an-hour"): "The account was made within an hour of the ban.",
    ("timing", "within-a-day"): "The account was made within a day of the ban.",
    ("timing", "within-a-week"): "The account was made within a week of the ban.",
    ("timing", "within-a-month"): "The account was made within a month of the ban.",
    ("timing", "within-a-year"): "The account was made within a year of the ban.",
    ("timing", "long-after"): "The account was made long after the ban.",
    ("timing", "a-day-before"): "The account was made within the day before the ban.",
    ("timing", "a-month-before"): "The account was made within the month before the ban.",
    ("timing", "long-before"): "The account was made long before the ban.",
    ("rivals", "other-explanations"): "Other innocent explanations are left as well.",
    ("quarantine", "set-aside"): "A lead put a value that both share in quarantine: it weighs nothing.",
    ("platform", "another"): "The banned account was on another platform.",
}

CROWD: Final = "This is shared: about %(n)s accounts were counted with it."
"""What a line says of the level `SHARED`, whatever its signal."""

CROWD_COUNT: Final = re.compile(r"\b[0-9][0-9,]*")
"""Its number, in the sentence of an alert."""
