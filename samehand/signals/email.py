"""The e-mail address, kept as keyed digests of the mailbox and of its local part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from samehand.account import Account
from samehand.frequency.name_prior import bits
from samehand.frequency.rates import rate_of_bits
from samehand.keys import Key, KeyKind, key_of
from samehand.normalize.email import fold_email
from samehand.signals.base import Example, Keyer, Levels, Most, Quoted, SignalBase
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext
from samehand.signals.digest import DIGEST_BYTES, MASK, checked_digest
from samehand.signals.listed import ListedSignal

DISPOSABLE: Final = 1  # bits of the stored byte of flags
_TAGGED: Final = 2
_PRIVATE: Final = 4  # in place of a provider stands the digest of a private domain
_SAME: Final = ("same-address", "same-mailbox")
_DISPOSABLE: Final = Comparison("both-disposable")
_DIFFERENT: Final = Comparison("different")


@dataclass(frozen=True, slots=True)
class EmailTrait:
    """Digests of the folded mailbox, of its local part and of its domain.

    ``local_bits`` is the rarity of the local part (whole bits), which its digest does not show.
    ``provider`` is the domain of a public provider, else empty. ``domain`` is the digest of any other, which
    names its owner; empty for public and throw-away providers and in records of former releases.
    """

    mailbox: bytes
    local: bytes
    local_bits: int
    disposable: bool
    tagged: bool
    provider: str
    domain: bytes = b""


class EmailSignal(SignalBase[EmailTrait]):
    """Both accounts gave the same e-mail address, or the same name in another mailbox."""

    name = "email"
    personal = "email"
    field = "email"
    code = 3
    sentences: Mapping[str, str] = {
        "same-address": "Both accounts use the same e-mail address.",
        "same-mailbox": "Both accounts use the same mailbox; an address has a tag that its provider ignores.",
        "same-local-part": "The e-mail addresses have the same name, but not the same mailbox.",
        "same-domain": "The e-mail addresses have the same domain, which belongs to no public provider.",
        "both-disposable": "Both accounts use a throw-away e-mail provider.",
        "different": "The accounts use different e-mail addresses.",
    }

    def distil(self, account: Account, keyer: Keyer) -> EmailTrait | None:
        """Digests of the folded address, or of the platform's digest where it keys addresses itself."""
        given = account.already_keyed.get("email")
        if given is not None:
            digest = keyer("email", b"keyed:" + given)
            return EmailTrait(digest, digest, 0, False, False, "")
        folded = fold_email(account.email) if account.email else None
        if folded is None:
            return None
        return EmailTrait(
            mailbox=keyer("email", folded.address.encode("utf-8", "surrogatepass")),
            local=keyer("email-local", folded.local.encode("utf-8", "surrogatepass")),
            local_bits=int(bits(folded.local)),
            disposable=folded.domain_class == "disposable",
            tagged=folded.tag is not None,
            provider=folded.domain if folded.domain_class == "public-provider" else "",
            domain=keyer("email-domain", folded.domain.encode()) if folded.domain_class == "other" else b"",
        )

    def pack(self, trait: EmailTrait) -> bytes:
        """Two digests, bits of the local part, a byte of flags, the provider or a private domain's digest."""
        flags = DISPOSABLE * trait.disposable | _TAGGED * trait.tagged | _PRIVATE * bool(trait.domain)
        domain = trait.domain or trait.provider.encode()
        return trait.mailbox + trait.local + bytes((trait.local_bits, flags)) + domain

    def unpack(self, payload: bytes) -> EmailTrait:
        end = 2 * DIGEST_BYTES
        flags, domain = payload[end + 1], payload[end + 2 :]
        return EmailTrait(
            mailbox=payload[:DIGEST_BYTES],
            local=payload[DIGEST_BYTES:end],
            local_bits=payload[end],
            disposable=bool(flags & DISPOSABLE),
            tagged=bool(flags & _TAGGED),
            provider="" if flags & _PRIVATE else domain.decode(),
            domain=checked_digest(domain) if flags & _PRIVATE else b"",
        )

    def keys(self, trait: EmailTrait) -> Iterable[Key]:
        """The mailbox, its local part (the same name at another provider) and a private domain."""
        parts = (trait.local, trait.domain) if trait.domain else (trait.local,)
        return (key_of(KeyKind.EMAIL, trait.mailbox), *(key_of(KeyKind.EMAIL_PART, part) for part in parts))

    def counts(self, trait: EmailTrait) -> Iterable[Key]:
        return self.keys(trait)

    def unlisted(self, trait: EmailTrait) -> Iterable[bytes]:
        """That the provider is a throw-away one."""
        return (b"disposable",) if trait.disposable else ()

    def compare(self, ours: EmailTrait, theirs: EmailTrait, context: ComparisonContext) -> Comparison | None:
        """The same address, mailbox with another tag, local part or private domain, or another address."""
        alike: tuple[Comparison, ...] = ()
        if ours.disposable and theirs.disposable:
            alike = (_DISPOSABLE,)
        elif ours.domain and ours.domain == theirs.domain:
            shipped = context.u(self.name, "same-domain")
            rate, crowd = context.shared(KeyKind.EMAIL_PART, ours.domain, shipped)
            alike = (Comparison("same-domain", rate, crowd, shipped),)
        if ours.local != theirs.local:
            return alike[0] if alike else _DIFFERENT
        shipped = rate_of_bits(ours.local_bits)
        local, mailboxes = (KeyKind.EMAIL_PART, ours.local), (ours.mailbox, theirs.mailbox)
        rate, crowd = context.shared_wider(local, KeyKind.EMAIL, mailboxes, shipped)
        because = ""
        if ours.provider and theirs.provider and ours.provider != theirs.provider:
            because = "The e-mail addresses have the same name at different providers."
        if ours.mailbox != theirs.mailbox:
            return Comparison("same-local-part", rate, crowd, shipped, alike, because)
        level = "same-mailbox" if ours.tagged or theirs.tagged else "same-address"
        same = Comparison("same-local-part", rate, crowd, shipped)
        unshared = context.u(self.name, level)
        rate, crowd = context.shared(KeyKind.EMAIL, ours.mailbox, unshared, owned=True)
        return Comparison(level, rate, crowd, unshared, (same, *alike))

    def most(self, trait: EmailTrait, context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """The weight of sharing the mailbox, its local part or its domain; without a key, of both being
        disposable.
        """
        mailbox = [
            table.nats(
                level,
                context.shared(KeyKind.EMAIL, trait.mailbox, context.u(self.name, level), owned=True)[0],
            )
            for level in _SAME
        ]
        local = context.shared(KeyKind.EMAIL_PART, trait.local, rate_of_bits(trait.local_bits))[0]
        domain = context.shared(KeyKind.EMAIL_PART, trait.domain, context.u(self.name, "same-domain"))[0]
        return Most(
            {KeyKind.EMAIL: max(mailbox), KeyKind.EMAIL_PART: table.nats("same-local-part", local)},
            {key_of(KeyKind.EMAIL_PART, trait.domain): table.nats("same-domain", domain)},
            unkeyed=table.as_shipped["both-disposable"] if trait.disposable else 0.0,
        )

    def show(self, trait: EmailTrait, quoted: Quoted) -> str:
        """A mask, and the provider if it is a public one."""
        return f"{MASK}@{trait.provider or MASK}"

    @property
    def examples(self) -> tuple[Example, ...]:
        account = _writes_from("umar.media@gmail.com")
        return (
            Example(account, _writes_from("UmarMedia@googlemail.com"), "same-address"),
            Example(account, _writes_from("umarmedia+new@gmail.com"), "same-mailbox"),
            Example(account, _writes_from("umarmedia@proton.me"), "same-local-part"),
            Example(_writes_from("zar@valley.example"), _writes_from("a@valley.example"), "same-domain"),
            Example(account, _writes_from("salma.k@gmail.com"), "different"),
            Example(account, _writes_from("not an address"), None),
            Example(_writes_from("a1b2@mailinator.com"), _writes_from("z@mailinator.com"), "both-disposable"),
        )


def _writes_from(email: str) -> Account:
    return Account(platform="x", account_id="1", email=email)


EMAIL: Final = ListedSignal(EmailSignal(), half_days=2_500)  # assumed: half keep a mailbox for seven years
