"""Who made and who administers a channel, a group, a page or a bot, as its platform states it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from samehand.account import ACCOUNT, KINDS, Account, account_key
from samehand.keys import Key, KeyKind, key_of
from samehand.normalize.contact.contacts import read_contacts
from samehand.signals.base import Example, Keyer, Levels, Most, Quoted, SignalBase
from samehand.signals.comparison import COMMON, Comparison
from samehand.signals.contact import POINT_BYTES, digest_of, own_kind
from samehand.signals.context import ComparisonContext
from samehand.watchlist.platforms import is_list

MADE: Final = 1
ACTED: Final = 2
CLAIMED: Final = 3  # made an admin, and never seen to act as one: so is anybody whom an owner adds
MOVED: Final = 4  # no person: the entity's own former id
_STRONG: Final = (MADE, ACTED)
_HEAD_BYTES: Final = POINT_BYTES + 3
_ROLE_BYTES: Final = POINT_BYTES + 1
_BOT: Final = "bot:"  # begins the ids of bots, which work for many


@dataclass(frozen=True, slots=True)
class RunsTrait:
    """Digests of the account itself, of those that run it, each with its role, and of its invitations.

    ``admins`` is how many it has. Of nearly all accounts only ``own`` is there.
    """

    own: bytes
    kind: str = ACCOUNT
    admins: int = 0
    invites: tuple[bytes, ...] = ()
    roles: tuple[tuple[bytes, int], ...] = ()


class RunsSignal(SignalBase[RunsTrait]):
    """One account runs both, or the banned account runs the other.

    What one side alone can claim, an admin whom its owner has added, counts for little, and for nothing
    against what was there before: else a banned owner would name victims.
    """

    name = "runs"
    code = 16
    sentences: Mapping[str, str] = {
        "moved": "The platform moved one to the id of the other: they are the same.",
        "banned-made-it": "This is run by the banned account itself.",
        "same-creator": "One account created both.",
        "same-admins": "Both have several admins in common.",
        "banned-acted": "The banned account itself acted as an admin of this.",
        "one-admin": "One admin acted for both.",
        "claimed": "Both name one account as an admin, as one side alone can do.",
    }

    def distil(self, account: Account, keyer: Keyer) -> RunsTrait | None:
        """The digests of ids, of one platform each, and of invitations; ``None`` for a name on a list."""
        if is_list(account.platform):
            return None
        own = _digest(account.platform, account.account_id, keyer)
        stated = (account.created_by, account.admins, account.invite_links, account.moved_from)
        if account.kind == ACCOUNT and not any(stated):
            return RunsTrait(own)
        by_id: dict[str, int] = {}
        # What counts most comes first: of an admin who is named twice, and of what is counted of a long list.
        for of, role in (
            *([(account.moved_from, MOVED)] if account.moved_from else ()),
            *([(account.created_by, MADE)] if account.created_by else ()),
            *((of, ACTED) for of, acted in account.admins if acted),
            *((of, CLAIMED) for of, _ in account.admins),
        ):
            by_id.setdefault(of, CLAIMED if of.startswith(_BOT) and role in _STRONG else role)
        points = read_contacts("", account.invite_links, account.locale).points
        invites = [digest_of(point, keyer) for point in points if own_kind(point.kind) is None]
        roles = [(_digest(account.platform, of, keyer), role) for of, role in by_id.items()]
        return RunsTrait(own, account.kind, len(account.admins), tuple(invites), tuple(roles))

    def pack(self, trait: RunsTrait) -> bytes:
        """The account's own digest; unless that is all: kind, numbers, invitations, then (role, digest)."""
        if trait == RunsTrait(trait.own):
            return trait.own
        head = bytes((KINDS.index(trait.kind), trait.admins, len(trait.invites)))
        return b"".join(
            (trait.own, head, *trait.invites, *(bytes((role,)) + digest for digest, role in trait.roles))
        )

    def unpack(self, payload: bytes) -> RunsTrait:
        own = payload[:POINT_BYTES]
        if len(payload) == POINT_BYTES:
            return RunsTrait(own)
        kind, admins, several = payload[POINT_BYTES:_HEAD_BYTES]
        ends = _HEAD_BYTES + several * POINT_BYTES
        if (len(payload) - ends) % _ROLE_BYTES or len(payload) < ends:
            raise ValueError("a section of who runs an account ends within a digest")
        invites = [payload[at : at + POINT_BYTES] for at in range(_HEAD_BYTES, ends, POINT_BYTES)]
        roles = [
            (payload[at + 1 : at + _ROLE_BYTES], payload[at]) for at in range(ends, len(payload), _ROLE_BYTES)
        ]
        return RunsTrait(own, KINDS[kind], admins, tuple(invites), tuple(roles))

    def keys(self, trait: RunsTrait) -> Iterable[Key]:
        """The account itself, by which what it runs finds it, and each account that runs it."""
        own = key_of(KeyKind.RUNNER, trait.own)
        return (
            (own, *[key_of(KeyKind.RUNNER, digest) for digest, _ in trait.roles]) if trait.roles else (own,)
        )

    def counts(self, trait: RunsTrait) -> Iterable[Key]:
        """Each account that runs it, as a bot runs thousands; whom it only names is counted apart.

        Else throw-away channels that name a creator would make that creator common.
        """
        return [
            key_of(KeyKind.RUNNER, _named(digest) if role == CLAIMED else digest)
            for digest, role in trait.roles
            if role != MOVED
        ]

    def compare(self, ours: RunsTrait, theirs: RunsTrait, context: ComparisonContext) -> Comparison | None:
        """The closest of all levels that hold, with the others; ``None`` where nobody runs both."""
        if not ours.roles:
            return None
        mine, other = dict(ours.roles), dict(theirs.roles)
        if mine.get(theirs.own) == MOVED or other.get(ours.own) == MOVED:
            return Comparison("moved")
        found: dict[str, list[bytes]] = {}
        for digest, role in ours.roles:
            its = MADE if digest == theirs.own else other.get(digest)
            if its is None or MOVED in (role, its):
                continue
            if role not in _STRONG or its not in _STRONG:
                if context.came_after:
                    found.setdefault("claimed", []).append(digest)
            elif digest == theirs.own:
                found.setdefault("banned-made-it" if role == MADE else "banned-acted", []).append(digest)
            elif role == its == MADE:
                found.setdefault("same-creator", []).append(digest)
            else:
                found.setdefault("one-admin", []).append(digest)
        both = [*found.get("same-creator", ()), *found.get("one-admin", ())]
        if len(both) > 1:
            found["same-admins"] = both
        comparisons = [
            self._finding(level, found[level], ours, theirs, context)
            for level in self.sentences
            if level in found
        ]
        # What the platform states of few accounts is worth no less for what somebody claims beside it.
        if len(comparisons) > 1 and (comparisons[0].rate or 0.0) < COMMON:
            comparisons = [one for one in comparisons if one.level != "claimed"]
        return replace(comparisons[0], also=tuple(comparisons[1:])) if comparisons else None

    def _finding(
        self, level: str, digests: list[bytes], ours: RunsTrait, theirs: RunsTrait, context: ComparisonContext
    ) -> Comparison:
        shipped, because = context.u(self.name, level), ""
        rate, crowd = min(_counted(level, digest, shipped, context) for digest in digests)
        if level == "banned-made-it":
            because = f"This {ours.kind} is run by the banned account itself."
        elif level == "same-admins" and ours.admins and theirs.admins:
            both = f"Both {ours.kind}s have" if ours.kind == theirs.kind else "Both have"
            because = f"{both} {len(digests)} admins in common, of {ours.admins} and {theirs.admins}."
        return Comparison(level, rate, crowd, shipped, because=because)

    def most(self, trait: RunsTrait, context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """The most of sharing each account, by its role here."""

        def nats(digest: bytes, *levels: str) -> float:
            several = [
                table.nats(level, _counted(level, digest, context.u(self.name, level), context)[0])
                for level in levels
            ]
            return max(several)

        of_roles = {
            MADE: ("banned-made-it", "same-creator", "same-admins", "one-admin", "claimed"),
            ACTED: ("banned-acted", "same-admins", "one-admin", "claimed"),
            CLAIMED: ("claimed",),
        }
        by_key = {
            key_of(KeyKind.RUNNER, digest): nats(digest, *of_roles[role])
            for digest, role in trait.roles
            if role in of_roles
        }
        if banned:
            by_key[key_of(KeyKind.RUNNER, trait.own)] = nats(trait.own, "banned-made-it", "banned-acted")
        return Most(by_key=by_key)

    def show(self, trait: RunsTrait, quoted: Quoted) -> str:
        """The kind, and how many run it; never who."""
        return f"{trait.kind}, {trait.admins} admins" if trait.admins else trait.kind

    @property
    def examples(self) -> tuple[Example, ...]:
        """Each level, and what a stranger could have claimed of both."""
        person, group = Account(platform="telegram", account_id="5"), _run("7", "5")
        return (
            Example(_run("8", "5"), person, "banned-made-it"),
            Example(_run("8", "5"), group, "same-creator"),
            Example(_run("8", None, "5", "6"), _run("7", None, "6", "5"), "same-admins"),
            Example(_run("8", "9", "5"), person, "banned-acted"),
            Example(_run("8", "9", "5"), group, "one-admin"),
            Example(_run("8", None, added=("5",)), group, "claimed"),
            Example(_run("8", "bot:5"), _run("7", "bot:5"), "claimed"),
            Example(_run("8", "5", moved_from="group:7"), group, "moved"),
            Example(_run("8", "4", "3"), group, None),
            Example(person, group, None),
        )


def _digest(platform: str, account_id: str, keyer: Keyer) -> bytes:
    return keyer("runner", account_key(platform, account_id).encode("utf-8", "surrogatepass"))[:POINT_BYTES]


def _named(digest: bytes) -> bytes:
    """What stands in counts for an account that others only name as an admin."""
    return digest[::-1]


def _counted(level: str, digest: bytes, shipped: float, context: ComparisonContext) -> tuple[float, int]:
    """How common it is to share an account so, and how many do; a claim is no rarer than what is stated."""
    stated = context.shared(KeyKind.RUNNER, digest, shipped, owned=True)
    if level != "claimed":
        return stated
    return max(stated, context.shared(KeyKind.RUNNER, _named(digest), shipped, owned=True))


def kind_of(trait: object) -> str:
    """The kind of the account that has this trait."""
    return trait.kind if isinstance(trait, RunsTrait) else ACCOUNT


def _run(
    number: str,
    created_by: str | None,
    *acted: str,
    added: tuple[str, ...] = (),
    moved_from: str | None = None,
) -> Account:
    return Account(
        platform="telegram",
        account_id=f"group:{number}",
        kind="group",
        created_by=created_by,
        admins=(*((admin, True) for admin in acted), *((admin, False) for admin in added)),
        moved_from=moved_from,
    )


RUNS: Final = RunsSignal()
