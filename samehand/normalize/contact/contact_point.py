"""A contact point, and the makers of those kinds that several readers produce."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

import tldextract

from samehand.normalize.email import fold_email
from samehand.normalize.handle import clean_handle
from samehand.normalize.phone import fold_phone


class ContactPoint(NamedTuple):
    """One way to reach an account.

    ``kind`` is `telegram-invite`, `whatsapp-invite`, `discord-invite` (``value``: the case-sensitive token),
    `telegram`, `profile` (``value``: `platform:handle`), `handle` (an @handle of no named platform), `email`,
    `phone` (E.164), `wallet` or `url` (a site's host, or host and path where each path is somebody's own).
    """

    kind: str
    value: str


PLAIN_HANDLE: Final = re.compile(r"[\w.\-]{2,64}")


def email_points(text: str) -> Iterator[ContactPoint]:
    """The mailbox that an address names, if its domain has a public ending."""
    folded = fold_email(text)
    if folded is not None and registrable_part(folded.domain):
        yield ContactPoint("email", folded.address)


def phone_points(text: str, locale: str | None) -> Iterator[ContactPoint]:
    """The number that a text spells, read in the locale's region if it has no country code."""
    folded = fold_phone(text, locale)
    if folded is not None:
        yield ContactPoint("phone", folded.e164)


def profile_point(platform: str, handle: str) -> ContactPoint:
    """The point of a handle on a platform, cleaned as that platform reads it."""
    cleaned = clean_handle(handle, platform).lower()
    return (
        ContactPoint("telegram", cleaned)
        if platform == "telegram"
        else ContactPoint("profile", f"{platform}:{cleaned}")
    )


@cache
def _suffixes() -> tldextract.TLDExtract:
    """A reader of the public suffix list that the library ships; it neither fetches nor caches anything."""
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def registrable_part(host: str) -> str:
    """The registrable domain of a host, or the empty string if its ending is no public suffix."""
    return _suffixes()(host).top_domain_under_public_suffix
