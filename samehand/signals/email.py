"""The e-mail address, kept as keyed digests of the mailbox and of its local part."""

from __future__ import annotations

from collections.abc import Iterable
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
from samehand.signals.digest import DIGEST_BYTES, MASK

DISPOSABLE: Final = 1  # bits of the stored byte of flags
_TAGGED: Final = 2
_SAME: Final = ("same-address", "same-mailbox")
_DISPOSABLE: Final = Comparison("both-disposable", "Both accounts use a throw-away e-mail provider.")
_DIFFERENT: Final = Comparison("different", "The accounts use different e-mail addresses.")


@dataclass(frozen=True, slots=True)
class EmailTrait:
    """Digests of the folded mailbox and of its local part.

    ``local_bits`` is the rarity of the local part (whole bits), which its digest does not show.
    ``provider`` is the domain of a public provider, else empty: a private domain names its owner.
    """

    mailbox: bytes
    local: bytes
    local_bits: int
    disposable: bool
    tagged: bool
    provider: str


class EmailSignal(SignalBase[EmailTrait]):
    """Both accounts gave the same e-mail address, or the same name in another mailbox."""

    name = "email"
    code = 3

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
        )

    def pack(self, trait: EmailTrait) -> bytes:
        """Two digests, the bits of the local part, a byte of flags, the provider."""
        flags = DISPOSABLE * trait.disposable | _TAGGED * trait.tagged
        return trait.mailbox + trait.local + bytes((trait.local_bits, flags)) + trait.provider.encode()

    def unpack(self, payload: bytes) -> EmailTrait:
        """Reads :meth:`pack`'s form."""
        end = 2 * DIGEST_BYTES
        flags = payload[end + 1]
        return EmailTrait(
            mailbox=payload[:DIGEST_BYTES],
            local=payload[DIGEST_BYTES:end],
            local_bits=payload[end],
            disposable=bool(flags & DISPOSABLE),
            tagged=bool(flags & _TAGGED),
            provider=payload[end + 2 :].decode(),
        )

    def keys(self, trait: EmailTrait) -> Iterable[Key]:
        """The mailbox, and the local part: the same name at another provider."""
        return (key_of(KeyKind.EMAIL, trait.mailbox), key_of(KeyKind.EMAIL_LOCAL, trait.local))

    def counts(self, trait: EmailTrait) -> Iterable[Key]:
        """The values of :meth:`keys`."""
        return self.keys(trait)

    def compare(self, ours: EmailTrait, theirs: EmailTrait, sight: ComparisonContext) -> Comparison | None:
        """The same address, the same mailbox with another tag, the same local part, or another address."""
        throw_away = (_DISPOSABLE,) if ours.disposable and theirs.disposable else ()
        if ours.local != theirs.local:
            return throw_away[0] if throw_away else _DIFFERENT
        shipped = rate_of_bits(ours.local_bits)
        local, mailboxes = (KeyKind.EMAIL_LOCAL, ours.local), (ours.mailbox, theirs.mailbox)
        rate, crowd = sight.shared_wider(local, KeyKind.EMAIL, mailboxes, shipped)
        because = "The e-mail addresses have the same name, but not the same mailbox."
        if ours.provider and theirs.provider and ours.provider != theirs.provider:
            because = "The e-mail addresses have the same name at different providers."
        if ours.mailbox != theirs.mailbox:
            return Comparison("same-local-part", because, rate, crowd, shipped, throw_away)
        level, because = "same-address", "Both accounts use the same e-mail address."
        same = Comparison("same-local-part", because, rate, crowd, shipped)
        if ours.tagged or theirs.tagged:
            level = "same-mailbox"
            because = "Both accounts use the same mailbox; an address has a tag that its provider ignores."
        unshared = sight.u(self.name, level)
        rate, crowd = sight.shared(KeyKind.EMAIL, ours.mailbox, unshared, owned=True)
        return Comparison(level, because, rate, crowd, unshared, (same, *throw_away))

    def most(self, trait: EmailTrait, sight: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """The weight of sharing the mailbox or the local part; without a key, of both being disposable."""
        mailbox = [
            table.nats(
                level, sight.shared(KeyKind.EMAIL, trait.mailbox, sight.u(self.name, level), owned=True)[0]
            )
            for level in _SAME
        ]
        local = sight.shared(KeyKind.EMAIL_LOCAL, trait.local, rate_of_bits(trait.local_bits))[0]
        return Most(
            {
                KeyKind.EMAIL: max(mailbox),
                KeyKind.EMAIL_LOCAL: table.nats("same-local-part", local),
            },
            unkeyed=table.as_shipped["both-disposable"] if trait.disposable else 0.0,
        )

    def show(self, trait: EmailTrait, quoted: Quoted) -> str:
        """A mask, and the provider if it is a public one."""
        return f"{MASK}@{trait.provider or MASK}"

    @property
    def examples(self) -> tuple[Example, ...]:
        """Each level."""
        one = _writes_from("umar.media@gmail.com")
        return (
            Example(one, _writes_from("UmarMedia@googlemail.com"), "same-address"),
            Example(one, _writes_from("umarmedia+new@gmail.com"), "same-mailbox"),
            Example(one, _writes_from("umarmedia@proton.me"), "same-local-part"),
            Example(one, _writes_from("salma.k@gmail.com"), "different"),
            Example(one, _writes_from("not an address"), None),
            Example(
                _writes_from("a1b2@mailinator.com"), _writes_from("zz9@guerrillamail.com"), "both-disposable"
            ),
        )


def _writes_from(email: str) -> Account:
    return Account(platform="x", account_id="1", email=email)


EMAIL: Final = EmailSignal()
