"""Twelve kinds of alerts that moderators meet, five of each, as the agents themselves raise them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, Final

from msgspec import structs
from PIL import Image

from desk.profiles.source import Profile, ProfileSource
from samehand.alert_id import alert_id
from samehand.watchlist.entry import Alias, WatchlistEntry
from schemas.accounts import Avatar, Basis
from schemas.alerts import MirrorAlert
from schemas.waves import WaveAlert
from tests.agents.conftest import a_life
from tests.desk.makers import a_wave
from tests.makers import NOON, a_ban, a_change, a_listed_account, a_sign_up, a_verdict, an_old_account

Fields = dict[str, Any]

BANNED: Final = (
    ("zarghun_kakar", "Zarghun Kakar", "Poet of the valley. Birds, maps and old radios; tea at any hour."),
    ("gulzar_media", "گلزار میڈیا", "وادی کی خبریں، پرانے نقشے، اور شام کی چائے کے قصے۔"),
    ("amal_najjar77", "أمل النجار", "أخبار الحي القديم، وصور الطيور، ووصفات جدتي كل يوم جمعة."),
    ("chengjie_48", "杨承杰", "山谷里的老收音机，地图和茶。每天一张照片。"),
    ("priya.birdsong", "प्रिया शर्मा", "घाटी के पक्षी, पुराने नक्शे और शाम की चाय।"),
)
LOCALES: Final = ("en-GB", "ur-PK", "ar-EG", "zh-CN", "hi-IN")
STRANGERS: Final = ("marta_quill", "ilyas.harbour", "noor_lantern", "bo_weir", "tess_cobble")
NAMES: Final = ("Marta Quill", "Ilyas Harbour", "نور فانوس", "Bo Weir", "Tess Cobble")
LISTED: Final = (
    *("Northern Valley Front", "Tehrik-e Koh-e Sabz", "جبهة وادي الصقر", "Brigade of the Red Lantern"),
    "Order of the Silver Cormorant",
)
WORDS: Final = "Night trains, chess by post and the long way home."
KINDS: Final = (
    *("same mailbox", "phone", "device", "fan", "household", "near picture"),
    *("prepared", "wave member", "list", "scan", "update", "family"),
)
EACH: Final = 5
AFTER: Final = {
    "device": timedelta(minutes=10),
    "fan": timedelta(minutes=12),
    "near picture": timedelta(minutes=9),
    "household": timedelta(hours=50),
    "phone": timedelta(days=20),
}
"""When a new account signs up after the ban; of other kinds eight hours."""


def _left_behind(who: str, flipped: int = 0) -> Fields:
    """What a sign-up leaves behind of its own. `flipped`: bits of the picture's hash that an edit changes."""
    random = Random(who)
    return {
        "avatar": Avatar(pdq=f"{random.getrandbits(256) ^ ((1 << flipped) - 1):064x}", quality=90),
        "email": f"u.{random.getrandbits(40):x}@gmail.com",
        "phone": f"+92300{random.randrange(10**7):07}",
        "device_id": f"{random.getrandbits(128):032x}",
        "ip": f"82.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(1, 254)}",
    }


def _banned(number: int, flipped: int = 0) -> Fields:
    handle, name, bio = BANNED[number]
    shown = {"handle": handle, "display_name": name, "bio": bio, "locale": LOCALES[number]}
    return {**shown, **_left_behind(f"banned {number}", flipped)}


def _new(kind: str, number: int) -> Fields:
    """The new account of a kind, with what it has of the banned one."""
    of = _banned(number)
    handle, name = of["handle"], of["display_name"]
    head, _, last = of["ip"].rpartition(".")
    kept, changed = {
        "same mailbox": ((), {"email": of["email"].replace("@", "+2@")}),
        "phone": (("phone",), {}),
        "device": (("device_id", "locale"), {"ip": f"{head}.{int(last) + 1}"}),
        "fan": (("display_name", "bio", "avatar", "locale"), {"handle": f"the_{handle}"}),
        "household": (("device_id", "locale", "ip"), {"display_name": f"Sara {name}"}),
        "near picture": (
            ("display_name", "locale"),
            {"avatar": _banned(number, flipped=40)["avatar"], "handle": f"{handle}_2"},
        ),
        "prepared": (("device_id", "display_name"), {"handle": f"{handle}_backup"}),
        "wave member": (("bio", "device_id"), {"handle": f"nicole_{number}"}),
        "list": ((), {"display_name": LISTED[number], "bio": f"Voice of the {LISTED[number]}"}),
        "scan": (("display_name", "bio", "email"), {"handle": f"{handle}.official"}),
        "update": (("bio", "email"), {"handle": f"the_{handle}"}),
        "family": (("avatar", "display_name", "locale"), {"handle": f"{handle}_3"}),
    }[kind]
    return {**_stranger(kind, number), **{field: of[field] for field in kept}, **changed}


def _stranger(kind: str, number: int) -> Fields:
    shown = {"handle": STRANGERS[number], "display_name": NAMES[number], "bio": WORDS, "locale": "en-GB"}
    return {"platform": "x", **shown, **_left_behind(f"{kind} {number}")}


@dataclass(frozen=True)
class Case:
    """An alert of a kind; of a wave member the wave, too."""

    kind: str
    alert: MirrorAlert
    wave: WaveAlert | None = None


async def case(kind: str, number: int) -> Case:
    """Raises the alert by the agents that raise its kind."""
    life = a_life(quote_bio=True)
    life.seconds = (NOON + timedelta(days=30)).timestamp()
    slug = f"{kind.replace(' ', '-')}-{number}"
    new, banned, mine = f"new-{slug}", f"banned-{slug}", _new(kind, number)
    ban = a_ban(banned, platform="x", policy="spam", **_banned(number))
    at = NOON + AFTER.get(kind, timedelta(hours=8))
    match kind:
        case "prepared":
            await life.tell(life.remember, an_old_account(new, at=NOON - timedelta(days=6), **mine))
            await life.ban(ban)
        case "list":
            entry = WatchlistEntry(authority="UN", reference=f"N-{number}", aliases=(Alias(LISTED[number]),))
            name: Fields = {"display_name": LISTED[number], "handle": LISTED[number].replace(" ", "_")}
            listed = {"platform": "watchlist", "policy": "watchlist", "banned_at": None, **name}
            listing = a_ban(entry.account_id(entry.aliases[0]), **listed)
            await life.ban(structs.replace(listing, basis=Basis(authority="UN", reference=f"N-{number}")))
            await life.tell(life.screen, a_sign_up(new, at=at, **mine))
        case "family":
            before = NOON - timedelta(days=9)
            await life.ban(a_ban("first", platform="x", at=before, banned_at=before, **_banned(number)))
            second: Fields = {**_banned(number), "handle": f"{BANNED[number][0]}_2", "platform": "x"}
            await life.tell(life.screen, a_sign_up(banned, at=before + timedelta(hours=20), **second))
            pair = alert_id(f"x:{banned}", "x:first")
            verdict = a_verdict(pair, "mirror", revision=life.alerts[-1].revision)
            await life.tell(life.judge, structs.replace(verdict, verdict_id="v-1"))
            await life.ban(ban)
            await life.tell(life.screen, a_sign_up(new, at=at, **mine))
        case "scan":
            await life.ban(ban)
            await life.tell(life.scan, a_listed_account(new, at=at, **mine))
        case "update":
            await life.ban(ban)
            await life.tell(life.screen, a_sign_up(new, at=at, **_stranger(kind, number)))
            await life.tell(life.changed, a_change(new, at=at + timedelta(hours=1), **mine))
        case _:
            await life.ban(ban)
            await life.tell(life.screen, a_sign_up(new, at=at, **mine))
    await life.relay()
    raised = [alert for alert in life.alerts if alert.account_id == new]
    strongest = max(raised, key=lambda alert: alert.log_odds)
    members = [new, *(f"member-{number}-{it}" for it in range(11))] if kind == "wave member" else []
    wave = a_wave(*members, wave_id=f"wave-{number}") if members else None
    return Case(kind, structs.replace(strongest, alert_id=slug), wave)


async def cases(each: int = EACH) -> list[Case]:
    """Returns `each` alerts of every kind."""
    return [await case(kind, number) for kind in KINDS for number in range(each)]


class Pictures(ProfileSource):
    """Stands for the platform: an account's own picture, or that of the banned one which it copied."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def profile(self, platform: str, account_id: str) -> Profile:
        self.asked.append(account_id)
        _, _, slug = account_id.partition("-")
        copied = slug.startswith(("fan", "near-picture", "family"))
        return Profile("shown", picture=picture(slug if copied else account_id))

    async def close(self) -> None:
        """Nothing is open."""


def picture(name: str) -> bytes:
    """Draws a picture of its own for each name."""
    small = Image.frombytes("RGB", (5, 5), Random(name).randbytes(75))
    written = io.BytesIO()
    small.resize((160, 160), Image.Resampling.BICUBIC).save(written, "WEBP")
    return written.getvalue()
