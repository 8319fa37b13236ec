"""The reference store: dictionaries in one process, for tests and for scoring files without servers.

It returns exactly what the Redis store returns, down to caps and ties; it leaves out only what merely saves
memory (deleting expired markers, approximate counts).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from samehand.fingerprint.distil import unpack
from samehand.frequency.rates import Frequencies
from samehand.keys import KeyKind
from samehand.lineage import founder
from samehand.showings import Showings
from schemas.alerts import WithdrawnReason
from store.base import (
    ALONE,
    Ban,
    BanFacts,
    Candidate,
    Companions,
    Company,
    Enrolled,
    Owed,
    OwedWave,
    Query,
    Remembered,
    RememberedFacts,
    StoreFacts,
)
from store.bounds import Bounds
from store.common.counted_values import counted
from store.common.crowd import by_kind, naming_keys, not_considered
from store.common.key_digests import Addresses, Digest
from store.common.records import (
    ban_quote,
    frame_of,
    read_ban_quote,
    read_frame,
    read_remembered,
    read_remembered_quote,
    remembered_quote,
    with_former,
)
from store.limits import DELETION_MARKER_SECONDS, REMEMBERED_AT_ONCE, SWEEP_AT_ONCE
from store.memory.counts import Counts
from store.memory.index import Index, IndexEntry, ranked
from store.memory.keyspace import Dictionary
from store.memory.noting import NotedInMemory
from store.memory.remembered import Generation, RememberedInMemory
from store.rules.keyspace import Standing
from store.rules.pair_store import PairStore
from store.rules.waves import company_of


@dataclass
class MemoryStore(PairStore):
    bounds: Bounds = field(default_factory=Bounds)
    identity: bytes = b""
    _addresses: Addresses = field(init=False)
    _index: Index = field(init=False)
    _remembered: RememberedInMemory = field(init=False)
    _counts: Counts = field(init=False)
    _noted: NotedInMemory = field(init=False)
    _dictionary: Dictionary = field(init=False)
    _reinstated: dict[str, tuple[float, float]] = field(default_factory=dict)  # occurred_at, until
    _deleted: dict[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._addresses = Addresses(self.identity)
        self._index = Index(of_bans=True)
        self._remembered = RememberedInMemory(self.bounds.retention_seconds, self.bounds.remembered_bytes)
        self._noted = NotedInMemory(self._addresses)
        self._dictionary = Dictionary(self._addresses, self._standing)
        super().__init__(self._dictionary, self.bounds)
        self._counts = Counts(
            self.bounds.freeze_seconds, self.bounds.lag_seconds, lambda: len(self._index.entries)
        )

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def ready(self) -> str | None:
        return None

    async def history(self) -> str:
        """Always the same, since there are no servers."""
        return "memory"

    async def behind(self) -> dict[str, dict[int, int]]:
        """Nothing: nobody filled it beside another store."""
        return {}

    async def caught_up(self, topic: str) -> None:
        """Nothing to do: it is never behind."""

    def adopt(self, epoch: str) -> None:
        """Nothing to do: nothing outlives this process."""

    # bans
    async def enrol(self, bans: Sequence[Ban], *, now: float) -> list[Enrolled]:
        descents = [(ban.account, ban.facts.descent) for ban in bans if not _over(ban.facts, now)]
        await self._families.note_founders(descents, now)
        enrolled = [self._enrol(ban, now) for ban in bans]
        over = [ban.account for ban, it in zip(bans, enrolled, strict=True) if it is Enrolled.EXPIRED]
        await self._end(over, "ban-expired", now)
        return enrolled

    async def _end(self, accounts: Sequence[str], reason: WithdrawnReason, now: float) -> None:
        """Ends what is kept of bans that are gone."""
        gone = [account for account in accounts if account not in self._index.entries]
        await self._dismissed.end(gone)
        await self._alerts.end(gone, reason, now)

    def _enrol(self, ban: Ban, now: float) -> Enrolled:
        facts, index = ban.facts, self._index
        known = index.entries.get(ban.account)
        if _over(facts, now):
            self._expunge_ban(ban.account, facts.occurred_at, now)
            return Enrolled.EXPIRED
        if _later(self._reinstated.get(ban.account), facts.occurred_at, now) or (
            known is not None and _occurred_at(known) > facts.occurred_at
        ):
            return Enrolled.SUPERSEDED
        tag = self._addresses.account(ban.account).tag
        root = None if ban.facts.descent == founder(ban.account) else self._root(ban.facts.descent.root_id)
        entry = IndexEntry(
            ban.account, frame_of(tag, ban.fingerprints, ban.facts.expires_at), ban_quote(ban.facts, root)
        )
        if known == entry:
            return Enrolled.UNCHANGED
        index.put(entry)
        return Enrolled.NEW if known is None else Enrolled.CHANGED

    async def expunge(
        self, accounts: Sequence[tuple[str, float]], *, now: float, reason: WithdrawnReason = "reinstated"
    ) -> list[bool]:
        expunged: list[bool] = []
        gone: list[str] = []
        for account, occurred_at in accounts:
            entry = self._index.entries.get(account)
            if entry is not None and _occurred_at(entry) > occurred_at:
                expunged.append(False)
                continue
            expunged.append(entry is not None or self._remembered.find(account, now) is not None)
            self._expunge_ban(account, occurred_at, now)
            self._remembered.remove(account)
            gone.append(account)
        await self._families.forget(gone)
        await self._end(gone, reason, now)
        return expunged

    def _expunge_ban(self, account: str, occurred_at: float, now: float) -> None:
        entry = self._index.entries.get(account)
        if entry is not None and _occurred_at(entry) > occurred_at:
            return
        self._index.remove(account)
        marked = self._reinstated.get(account)
        latest = max(marked[0], occurred_at) if marked and marked[1] > now else occurred_at
        self._reinstated[account] = (latest, now + self.bounds.dedup_seconds)

    async def bans(self, accounts: Sequence[str], *, now: float | None = None) -> list[Ban | None]:
        return [await self._ban(account, now) for account in accounts]

    async def _ban(self, account: str, now: float | None) -> Ban | None:
        entry = self._index.entries.get(account)
        if entry is None:
            return None
        frame = read_frame(entry.frame)
        if now is not None and frame.expired(now):
            return None
        quote = read_ban_quote(entry.quote)
        names = await self._families.founders([Digest(quote.root)] if quote.root else [])
        facts = quote.resolved(names.get(quote.root) if quote.root else None)
        return Ban(
            account=account,
            facts=replace(facts, cleared=await self._dismissed.cleared(account)),
            fingerprints=tuple(unpack(record) for record in frame.records),
        )

    async def sweep(self, *, now: float) -> int:
        await self._unjudged.trim(now)
        self._noted.sweep(now)
        gone = [
            entry.account for entry in self._index.entries.values() if read_frame(entry.frame).expired(now)
        ][:SWEEP_AT_ONCE]
        for account in gone:
            self._index.remove(account)
        await self._end(gone, "ban-expired", now)
        return len(gone)

    async def bans_like(
        self, queries: Sequence[Query], *, now: float, keep: int = 64
    ) -> list[list[Candidate]]:
        return [ranked([self._index], query, keep, now, str) for query in queries]

    async def facts(self, refs: Sequence[str]) -> list[BanFacts | None]:
        """What alerts quote; a ``ref`` is the account key."""
        bans = await self.bans(refs)
        return [ban.facts if ban else None for ban in bans]

    # remembered accounts
    async def remember(self, accounts: Sequence[Remembered], *, now: float) -> list[Showings]:
        shown: list[Showings] = []
        for at in range(0, len(accounts), REMEMBERED_AT_ONCE):
            generation = self._remembered.opened(now)
            some = accounts[at : at + REMEMBERED_AT_ONCE]
            shown += [self._remember(account, generation, now) for account in some]
            self._remembered.evict()
        return shown

    def _remember(self, account: Remembered, generation: Generation, now: float) -> Showings:
        if _later(self._deleted.get(account.account), account.seen_at, now):
            return account.shown
        digest = self._addresses.account(account.account)
        frame = frame_of(digest.tag, account.fingerprints, now + self.bounds.retention_seconds)
        account = self._with_former(account, now)
        entry = IndexEntry(account.account, frame, remembered_quote(account))
        if self._remembered.put(entry, generation, now) and self._banned(account.account, now) is None:
            first = account.fingerprints[0]
            sighting = counted(first, digest.raw)
            platform = account.platform if account.signs_up else ""
            self._counts.add(sighting, first.stratum, account.seen_at, now, signs_up_at=platform)
        return account.shown

    async def remember_then_look(
        self,
        accounts: Sequence[Remembered],
        queries: Sequence[Query],
        *,
        now: float,
        keep: int = 64,
        notes: bool = True,
    ) -> tuple[list[Showings], list[list[Candidate]], list[Companions]]:
        shown = await self.remember(accounts, now=now)
        if not notes:
            return shown, await self.bans_like(queries, now=now, keep=keep), [ALONE] * len(accounts)
        waves = await self._waves.of([account.account for account in accounts])
        companions: list[Companions] = []
        for account, wave in zip(accounts, waves, strict=True):
            wave_id = wave.wave_id if wave else None
            own, *read = await self.remembered([account.account, *self._noted.note(account)], now=now)
            there = [other for other in read if other is not None]
            theirs = await self._waves.of([other.account for other in there])
            members = frozenset(other.account for other, it in zip(there, theirs, strict=True) if it)
            companions.append(Companions(wave_id) if own is None else Companions(wave_id, there, members))
        return shown, await self.bans_like(queries, now=now, keep=keep), companions

    async def showings(self, accounts: Sequence[Remembered], *, now: float) -> list[Showings]:
        return [self._with_former(account, now).shown for account in accounts]

    def _with_former(self, account: Remembered, now: float) -> Remembered:
        former = self._remembered.find(account.account, now)
        if former is None or read_remembered_quote(former.quote).seen_at > account.seen_at:
            return account
        return with_former(account, former.frame, former.quote)

    async def remembered(self, accounts: Sequence[str], *, now: float) -> list[Remembered | None]:
        entries = [self._remembered.find(account, now) for account in accounts]
        return [read_remembered(entry.frame, entry.quote) if entry else None for entry in entries]

    async def forget(self, accounts: Sequence[tuple[str, float]], *, now: float) -> list[bool]:
        forgotten: list[bool] = []
        for account, at in accounts:
            marked = self._deleted.get(account)
            latest = max(marked[0], at) if marked and marked[1] > now else at
            self._deleted[account] = (latest, now + DELETION_MARKER_SECONDS)
            entry = self._remembered.find(account, now)
            if entry is not None and read_remembered_quote(entry.quote).seen_at > at:
                forgotten.append(False)
                continue
            self._remembered.remove(account)
            await self._dismissed.empty([account])
            forgotten.append(entry is not None)
        return forgotten

    async def remembered_like(
        self, queries: Sequence[Query], *, now: float, keep: int = 256
    ) -> list[list[Candidate]]:
        indexes = [generation.index for generation in self._remembered.live(now)]
        return [ranked(indexes, query, keep, now, str) for query in queries]

    async def turned_away(self, queries: Sequence[Query], *, now: float) -> list[dict[KeyKind, int]]:
        indexes = [generation.index for generation in self._remembered.live(now)]
        return [
            by_kind(
                (key, sum(not_considered(key, len(index.postings.get(key, ()))) for index in indexes))
                for key in naming_keys(query.keys)
            )
            for query in queries
        ]

    async def remembered_facts(self, refs: Sequence[str]) -> list[RememberedFacts | None]:
        """What alerts quote of remembered candidates; a ``ref`` is the account key."""
        known = [generation.index.entries for generation in self._remembered.generations]
        entries = [next((several[ref] for several in known if ref in several), None) for ref in refs]
        return [read_remembered_quote(entry.quote) if entry else None for entry in entries]

    # waves
    async def company(self, accounts: Sequence[Remembered], *, now: float) -> list[list[Company]]:
        companies = []
        for account in accounts:
            read = await self.remembered(self._noted.note(account, writes=False), now=now)
            others = [other for other in read if other is not None]
            waves = await self._waves.of([other.account for other in others])
            companies.append(list(map(company_of, others, waves)))
        return companies

    async def owed(self, holder: str, *, now: float) -> list[Owed]:
        self._dictionary.now = now
        return await super().owed(holder, now=now)

    async def owed_waves(self, holder: str, *, now: float) -> list[OwedWave]:
        self._dictionary.now = now
        return await super().owed_waves(holder, now=now)

    async def held(self) -> list[tuple[str, str]]:
        return []

    async def release(self, held: Sequence[tuple[str, str]]) -> None:
        pass

    # frequencies and facts
    async def frequencies(self, *, at: float, now: float) -> Frequencies:
        return self._counts.snapshot(at)

    async def freeze(self, *, now: float) -> bool:
        return self._counts.freeze(now)

    async def figures(self) -> StoreFacts:
        entries = self._index.entries.values()
        folds = {
            unpack(record).fold_version for entry in entries for record in read_frame(entry.frame).records
        }
        unjudged, oldest_unjudged_at = await self._unjudged.figures()
        return StoreFacts(
            fingerprints=len(entries),
            remembered=sum(len(generation.sizes) for generation in self._remembered.generations),
            remembered_bytes=self._remembered.bytes,
            remembered_evicted=self._remembered.evicted,
            epoch=None,
            fold_versions=tuple(sorted(folds)),
            memory_bytes=None,
            memory_limit_bytes=None,
            unjudged=unjudged,
            oldest_unjudged_at=oldest_unjudged_at,
        )

    # shared helpers
    def _banned(self, account: str, now: float) -> IndexEntry | None:
        entry = self._index.entries.get(account)
        return None if entry is None or read_frame(entry.frame).expired(now) else entry

    def _root(self, account: str) -> bytes:
        return self._addresses.account(account).raw

    def _standing(self, account: str, now: float) -> Standing:
        """What is known of an account."""
        entry = self._index.entries.get(account)
        over = entry is not None and read_frame(entry.frame).expired(now)
        deleted, reinstated = self._deleted.get(account), self._reinstated.get(account)
        return Standing(
            entry is not None and not over,
            over,
            deleted[0] if deleted and deleted[1] > now else None,
            reinstated is not None and reinstated[1] > now,
        )


def _later(marked: tuple[float, float] | None, moment: float, now: float) -> bool:
    """Returns whether there is an unexpired marker of this moment or a later one."""
    return marked is not None and marked[1] > now and marked[0] >= moment


def _over(facts: BanFacts, now: float) -> bool:
    return facts.expires_at is not None and facts.expires_at <= now


def _occurred_at(entry: IndexEntry) -> float:
    return read_ban_quote(entry.quote).facts.occurred_at
