"""What properties of scores draw from: accounts alike in much, any counts, tables as labels leave them."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from hashlib import blake2b
from typing import Any, Final

import msgspec
from hypothesis import strategies as st

from samehand.account import Account, AgedValue, Avatar
from samehand.frequency.rates import SIGN_UPS_A_DAY_UNKNOWN, SignUpRates
from samehand.keys import KeyKind
from samehand.scoring.learn import FACTOR_MAX
from samehand.scoring.weights import Weights, check
from tests.samehand.makers import WEIGHTS

AT: Final = 1_800_000_000.0
"""When the new account was made; of the banned one an age before it."""
PICTURE: Final = bytes(range(0, 256, 8))


def learnt(seed: int) -> Weights:
    """The shipped table as labels may leave it: no laxer agreement gains on a closer one."""
    chance = random.Random(seed)
    multipliers = {}
    for name, one in WEIGHTS.signals.items():
        drawn = sorted([math.exp(chance.uniform(-1, 1) * math.log(FACTOR_MAX)) for _ in one.levels])
        # Agreements in the table's order, then differences, whose order says nothing.
        for level in sorted(one.levels, key=lambda level: not one.levels[level].agrees):
            multipliers[f"{name}.{level}"] = drawn.pop()
    table = msgspec.structs.replace(WEIGHTS, signals=WEIGHTS.multiplied(multipliers))
    check(table)
    return table


tables = st.just(WEIGHTS) | st.builds(learnt, st.integers(0, 50))


def picture(bits: int) -> Avatar:
    pdq = int.from_bytes(PICTURE, "big") ^ ((1 << bits) - 1)
    return Avatar(pdq=pdq.to_bytes(32, "big"), quality=90)


# Few values of each field, so that two accounts agree often, wholly or nearly.
FIELDS: Final[dict[str, tuple[Any, ...]]] = {
    "platform": ("x", "telegram"),
    "handle": (
        None,
        "zarghun_kakar",
        "zarghunkakar77",
        "zorghun.kakir",
        "northernvalleyxx",
        "ali",
        "Elizabe39542212",
    ),
    "display_name": (None, "Zarghun Kakar", "Kakar Zarghun", "Zorghun Kakir Press", "Ali Khan", "زرغون کاکر"),
    "bio": (
        None,
        "Official channel of the northern valley. News, songs and statements. Share it. t.me/+AbCdEf123456",
        "Official channel of the northern valley. News and songs, mail umar@example.org",
        "News, songs and statements of the southern coast, every morning. We are @zarghun_kakar again",
        "hi there all of you out there",
    ),
    "email": (None, "umar@example.org", "umar@proton.me", "u@mailinator.com", "v@guerrillamail.com"),
    "phone": (None, "+923012345678", "+923012345699"),
    "device_id": (None, "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b", "0b7d5a34-9c11-4c0e-8a57-2f4e6b1c3d99"),
    "payment_token": (None, "tok_1QxYz8"),
    "ip": (None, "39.40.12.7", "39.40.12.200", "2400:adc5:1:2::7", "2400:adc5:1:9::1"),
    "user_agent": (None, "Mozilla/5.0 (Linux; Android 13; SM-A536B) Chrome/120.0.0.0 Mobile Safari/537.36"),
    "locale": (None, "ps-AF", "en-GB"),
    "referrer": (None, "invite:7GQ2"),
    "others": (
        {},
        {"device": (AgedValue("0b7d5a34-9c11-4c0e-8a57-2f4e6b1c3d99"),), "ip": (AgedValue("39.40.12.7", 3),)},
        {
            "device": (AgedValue("6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b", 400),),
            "email": (AgedValue("umar@proton.me", 0), AgedValue("salma@example.org", 90)),
            "phone": (AgedValue("+447911123456", 0), AgedValue("+923012345678", 200)),
        },
    ),
    "avatar": (None, picture(0), picture(24), picture(55), picture(128)),
}
alike_accounts = st.builds(
    Account, account_id=st.just("1"), **{name: st.sampled_from(values) for name, values in FIELDS.items()}
)
# Who comes back keeps some of what the banned account showed.
pairs = st.tuples(alike_accounts, alike_accounts, st.sets(st.sampled_from(sorted(FIELDS)))).map(
    lambda drawn: (drawn[0], replace(drawn[1], **{name: getattr(drawn[0], name) for name in drawn[2]}))
)


class Counted:
    """So many accounts, bans and sign-ups a day; how many bear a value is drawn from the value.

    On another platform others sign up.
    """

    def __init__(self, bans: int, accounts: int, seed: int, a_day: int = SIGN_UPS_A_DAY_UNKNOWN) -> None:
        self.bans = bans
        here = SignUpRates.everywhere(a_day).otherwise
        elsewhere = SignUpRates.everywhere((100, a_day, 5_000_000)[seed % 3]).otherwise
        self.sign_ups = SignUpRates({"elsewhere": elsewhere, "x": here}, here)
        self._accounts = accounts
        self._seed = seed

    def accounts(self, stratum: str) -> int:
        return self._accounts

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        drawn = blake2b(value, digest_size=1, salt=bytes((kind, self._seed))).digest()[0]
        return min((0, 1, 2, 3, 9, 70, 4_000, 60_000)[drawn % 8], self._accounts)


STORES: Final[dict[str, Any]] = {
    "bans": st.sampled_from((0, 1, 300, 100_000, 1_000_000)),
    "accounts": st.sampled_from((0, 400, 90_000)),
    "seed": st.integers(0, 255),
    "a_day": st.sampled_from((100, 10_000, 5_000_000)),
}
counted = st.builds(Counted, **STORES)
ages = st.sampled_from((None, -3e6, -90.0, 0.0, 60.0, 3600.0, 3601.0, 8e4, 4e5, 2e6, 2e7, 9e7))
