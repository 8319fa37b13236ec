"""E-mail addresses folded as their provider folds them: one spelling for each mailbox."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final, Literal

from samehand.normalize.text.compose import composed

DomainClass = Literal["disposable", "public-provider", "other"]


@dataclass(frozen=True, slots=True)
class EmailFold:
    """A folded address.

    ``address`` is the mailbox: equal for every spelling that the provider delivers to it. ``local`` is its
    local part without tag, dots, dashes and underscores, to compare across providers. ``tag`` is what stood
    behind the provider's tag sign, ``None`` if there was none. ``domain`` is the provider's main domain.
    """

    address: str
    local: str
    tag: str | None
    domain: str
    domain_class: DomainClass


@dataclass(frozen=True, slots=True)
class Provider:
    """What a provider ignores in a local part: the ``ignored`` characters, and all from ``tag_sign`` on.

    ``domains`` deliver to the same mailbox, the first being the main one; ``same_mailbox`` is false where
    they are separate name spaces under the same rules. ``source`` says where the provider documents them.
    """

    domains: tuple[str, ...]
    ignored: str = ""
    tag_sign: str = "+"
    same_mailbox: bool = True
    source: str = ""


PROVIDERS: tuple[Provider, ...] = (
    Provider(("gmail.com", "googlemail.com"), ignored=".", source="support.google.com/mail/answer/7436150"),
    Provider(
        (
            "outlook.com",
            "hotmail.com",
            "live.com",
            "msn.com",
            "hotmail.co.uk",
            "hotmail.fr",
            "outlook.fr",
            "live.co.uk",
        ),
        same_mailbox=False,
        source="support.microsoft.com, 'Add or remove an email alias': plus addressing; dots count",
    ),
    Provider(
        (
            "yahoo.com",
            "ymail.com",
            "rocketmail.com",
            "yahoo.co.uk",
            "yahoo.co.in",
            "yahoo.fr",
            "yahoo.in",
            "yahoo.co.jp",
        ),
        tag_sign="-",
        same_mailbox=False,
        source="help.yahoo.com, 'disposable addresses': base name, hyphen, keyword",
    ),
    Provider(
        ("icloud.com", "me.com", "mac.com"), source="support.apple.com/102540: one mailbox, three domains"
    ),
    Provider(
        ("proton.me", "protonmail.com", "pm.me", "protonmail.ch"),
        ignored="._-",
        source="proton.me/support/addresses-and-aliases",
    ),
    Provider(
        ("yandex.ru", "ya.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua"),
        ignored=".-",
        source="yandex.com/support/mail: dots and hyphens are one, all domains are one mailbox",
    ),
    Provider(("fastmail.com", "fastmail.fm"), same_mailbox=False, source="fastmail.help, 'plus addressing'"),
    Provider(
        ("mail.ru", "inbox.ru", "list.ru", "bk.ru"),
        same_mailbox=False,
        source="help.mail.ru, 'plus addresses'",
    ),
    Provider(("zoho.com", "zohomail.com"), same_mailbox=False, source="zoho.com/mail/help, 'sub-addressing'"),
    Provider(("tutanota.com", "tuta.io", "tuta.com", "tutamail.com"), tag_sign="", same_mailbox=False),
    Provider(
        ("aol.com", "gmx.com", "gmx.de", "gmx.net", "web.de", "mail.com", "email.com"),
        tag_sign="",
        same_mailbox=False,
    ),
    Provider(("rediffmail.com", "naver.com", "daum.net", "hanmail.net"), tag_sign="", same_mailbox=False),
    Provider(("qq.com", "163.com", "126.com", "sina.com", "foxmail.com"), tag_sign="", same_mailbox=False),
    Provider(
        ("orange.fr", "free.fr", "laposte.net", "libero.it", "t-online.de"), tag_sign="", same_mailbox=False
    ),
    Provider(
        ("hey.com", "duck.com", "rambler.ru", "ukr.net", "wp.pl", "seznam.cz"),
        tag_sign="",
        same_mailbox=False,
    ),
)
_BY_DOMAIN: Mapping[str, Provider] = MappingProxyType(
    {domain: provider for provider in PROVIDERS for domain in provider.domains}
)

# RFC 5321: 64 octets of local part, 254 of address.
_LOCAL_LENGTH_MAX: Final = 64
_ADDRESS_LENGTH_MAX: Final = 254
_LOCAL: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+")
_DOMAIN: Final = re.compile(
    r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})"
)
_BRACKETED: Final = re.compile(r"<([^<>]+)>\s*$")
_NAME_SEPARATORS: Final = str.maketrans("", "", "._-")


def fold_email(text: str) -> EmailFold | None:
    """The mailbox that a text names, or ``None`` if it is no address.

    A display name in front, ``mailto:``, case, compatibility characters and a trailing dot are taken off;
    quoted local parts and address literals are not read.
    """
    bare = composed("NFKC", text[: 4 * _ADDRESS_LENGTH_MAX]).strip()
    bracketed = _BRACKETED.search(bare)
    bare = (bracketed.group(1) if bracketed else bare).strip().removeprefix("mailto:").partition("?")[0]
    local, at, domain = bare.casefold().rpartition("@")
    domain = domain.rstrip(".")
    if not at or len(bare) > _ADDRESS_LENGTH_MAX:
        return None
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:  # a label is empty, too long, or of characters that no domain may hold
            return None
    if len(local) > _LOCAL_LENGTH_MAX or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        return None
    if ".." in local or local[0] == "." or local[-1] == ".":
        return None
    provider = _BY_DOMAIN.get(domain)
    sign = provider.tag_sign if provider else ""
    mailbox, tag = _split_tag(local, sign)
    name = _split_tag(mailbox, "+")[0]
    if provider is not None:
        stripped = mailbox.translate(dict.fromkeys(map(ord, provider.ignored)))
        mailbox = stripped or mailbox
        domain = provider.domains[0] if provider.same_mailbox else domain
    return EmailFold(
        address=f"{mailbox}@{domain}",
        local=name.translate(_NAME_SEPARATORS) or name,
        tag=tag,
        domain=domain,
        domain_class=domain_class(domain),
    )


def domain_class(domain: str) -> DomainClass:
    """The class of a lower-case domain; a subdomain of a disposable domain is disposable."""
    if domain in _BY_DOMAIN:
        return "public-provider"
    labels = domain.split(".")
    throw_away = disposable_domains()
    parents = (".".join(labels[start:]) for start in range(len(labels) - 1))
    return "disposable" if any(parent in throw_away for parent in parents) else "other"


@cache
def disposable_domains() -> frozenset[str]:
    """The domains of throw-away providers, from the shipped list (its head states source and licence)."""
    shipped = resources.files("samehand.normalize").joinpath("disposable_domains.txt")
    lines = shipped.read_text("ascii").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _split_tag(local: str, sign: str) -> tuple[str, str | None]:
    """The parts before and behind the first tag sign; a sign at the very start marks no tag."""
    if not sign:
        return local, None
    head, separator, tag = local.partition(sign)
    return (head, tag) if separator and head else (local, None)
