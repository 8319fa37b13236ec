"""Both accounts of an alert as their platform shows them now: asked for once the alert's page is there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from litestar import get
from litestar.params import FromPath
from litestar.response import Template

from desk.errors import NotFound
from desk.profiles.kept import data_url
from desk.profiles.source import Profile
from desk.review.people import quoted_bios
from desk.web.addresses import key_at
from desk.web.api import Asked, desk_of
from desk.web.compare import ComparedValues, compare, compare_words
from desk.web.screen import Account, account_of, sides
from desk.web.view import context
from samehand.normalize.contact.redact import MASK

FRAGMENT: Final = "HX-Request"
"""The header by which htmx asks for a part of a page; without it the part comes as a page of its own."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One account as it is shown now. `changed`: fields that read otherwise when they were compared, with
    what stood there; `picture`: a data URL, "" without one.
    """

    account: Account
    profile: Profile
    changed: dict[str, str]
    picture: str


@dataclass(frozen=True, slots=True)
class Texts:
    """What both sides show, compared; a field that neither shows is left out."""

    handle: ComparedValues | None
    name: ComparedValues | None
    bio: ComparedValues | None


@get("/alerts/{alert_id:str}/profiles")
async def profiles(request: Asked, alert_id: FromPath[str]) -> Template:
    """Asks the source for both at once, and keeps nothing."""
    desk = desk_of(request)
    if desk.profiles is None:
        raise NotFound("this desk has no source of profiles")
    alert, words_hidden = await desk.sealed_alert(request.user.reader, alert_id)
    accounts = sides(alert, desk.settings.desk_profile_urls)
    if words_hidden:
        # That a platform took an account down tells what another reader decided.
        ours = theirs = Profile("hidden")
    else:
        ours, theirs = await asyncio.gather(*(desk.profiles.of(account.key) for account in accounts))
    sides_now = zip(accounts, (ours, theirs), quoted_bios(alert), strict=True)
    shown = [_shown(*side) for side in sides_now]
    return _page(request, shown, ("New", "Banned"), _texts(alert.platform, ours, theirs))


@get("/profiles/accounts/{platform:str}/{account_id:path}")
async def profile(request: Asked, platform: FromPath[str], account_id: FromPath[str]) -> Template:
    """Asks the source for one account that an alert names, and keeps nothing."""
    desk = desk_of(request)
    if desk.profiles is None:
        raise NotFound("this desk has no source of profiles")
    # Whoever signs in must not look up any account through the desk.
    person, words_hidden = await desk.named_account(
        request.user.reader, key_at(request, platform, account_id)
    )
    account = account_of(person, desk.settings.desk_profile_urls)
    now = Profile("hidden")
    if not words_hidden:
        now = await desk.profiles.of(account.key)
    return _page(
        request, [_shown(account, now, "")], ("Account",), _texts(account.platform, now, Profile("gone"))
    )


def _page(request: Asked, shown: list[Shown], labels: tuple[str, ...], texts: Texts) -> Template:
    for side in shown:
        if side.profile.picture_refused is not None:
            desk_of(request).metrics.refused_pictures.labels(side.profile.picture_refused).inc()
    return Template(
        "profiles.html",
        context={
            "session": request.user,
            **context(request),
            "layout": "fragment.html" if FRAGMENT in request.headers else "base.html",
            "shown": shown,
            "labels": labels,
            "texts": texts,
        },
    )


def _texts(platform: str, ours: Profile, theirs: Profile) -> Texts:
    return Texts(
        _compared("handle", platform, ours.handle, theirs.handle),
        _compared("name", platform, ours.name, theirs.name),
        compare_words(ours.bio, theirs.bio) if ours.bio or theirs.bio else None,
    )


def _compared(signal: str, platform: str, ours: str, theirs: str) -> ComparedValues | None:
    return compare(signal, platform, ours, theirs) if ours or theirs else None


def _shown(account: Account, profile: Profile, bio: str) -> Shown:
    changed = {}
    if profile.outcome == "shown":
        if _differs(account.handle.removeprefix("@"), profile.handle.removeprefix("@")):
            changed["handle"] = account.handle
        if _differs(account.name, profile.name):
            changed["name"] = account.name
        if _differs(bio, profile.bio) and not (bio[-1] == "…" and profile.bio.startswith(bio[:-1])):
            changed["bio"] = bio
    return Shown(account, profile, changed, data_url(profile.picture))


def _differs(quoted: str, shown: str) -> bool:
    """Returns whether a field reads otherwise than it was quoted; a masked quote does not say."""
    return bool(quoted) and MASK not in quoted and quoted != shown
