"""Pairs that somebody asks about, looked into while the agents take events.

A pair is looked into when the later of its two events has been taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from agents.common.context import AgentContext
from agents.common.queries.diagnosis import PairDiagnosis, closest, diagnose
from cli.inputs.row_ids import ROW_OF_ACCOUNTS, ROW_OF_BANS, by_number
from report.accuracy import AccountPair
from samehand.account import account_key


@dataclass(slots=True)
class Watch:
    """Looks into pairs while events are taken. A pair without a banned account asks for the closest bans."""

    pairs: Collection[AccountPair]
    found: dict[AccountPair, PairDiagnosis] = field(default_factory=dict)
    """By pair; of one that names no ban, the closest pairs."""
    _seen: set[str] = field(default_factory=set)
    _whole: dict[str, str] = field(default_factory=dict)
    """Keys of accounts and bans that were named by their id alone."""
    _by_account: dict[str, list[AccountPair]] = field(default_factory=dict)
    _by_ban: dict[str, list[AccountPair]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for pair in self.pairs:
            self._by_account.setdefault(pair.account, []).append(pair)
            self._by_ban.setdefault(pair.banned, []).append(pair)

    async def after(self, keys: Iterable[str], context: AgentContext, *, bans: bool) -> None:
        """Looks into the pairs of accounts, or of ``bans``, whose events the agents have just taken."""
        wanted, row_of = (self._by_ban, ROW_OF_BANS) if bans else (self._by_account, ROW_OF_ACCOUNTS)
        for key in keys:
            named = key.replace(f":{row_of}", ":", 1)
            bare = named.partition(":")[2]
            if bare in wanted:
                self._whole[f"{row_of}{bare}"] = named
            if named in wanted or bare in wanted or (bans and named in self._by_account):
                self._seen.add(f"{row_of}{named}")
            for asked in (*wanted.get(named, ()), *wanted.get(bare, ())):
                pair = self.whole(asked)
                if not pair.banned:
                    self.found |= {
                        diagnosis.pair: diagnosis for diagnosis in await _closest(pair.account, context)
                    }
                elif {f"{ROW_OF_ACCOUNTS}{pair.account}", f"{ROW_OF_BANS}{pair.banned}"} <= self._seen:
                    names = {
                        "accounts": _names(pair.account, ROW_OF_ACCOUNTS),
                        "bans": _names(pair.banned, ROW_OF_BANS),
                    }
                    diagnosis = await diagnose(pair, context, "lookback" if bans else "forward", **names)
                    self.found[pair] = replace(_by_number(diagnosis), pair=pair)

    def note(self, keys: Iterable[str]) -> None:
        """Notes that accounts were read for which no ban is looked up."""
        self._seen |= {f"{ROW_OF_ACCOUNTS}{key.replace(f':{ROW_OF_ACCOUNTS}', ':', 1)}" for key in keys}

    async def finish(self, context: AgentContext) -> None:
        """Looks for the closest bans once more, among those that came later."""
        for pair in self._by_ban.get("", ()):
            later = await _closest(self.whole(pair).account, context)
            self.found |= {
                diagnosis.pair: diagnosis
                for diagnosis in later
                if diagnosis.alert and diagnosis.pair not in self.found
            }

    def whole(self, pair: AccountPair) -> AccountPair:
        """The pair with its platforms, which who asks may leave out."""
        account = self._whole.get(f"{ROW_OF_ACCOUNTS}{pair.account}", pair.account)
        return AccountPair(account, self._whole.get(f"{ROW_OF_BANS}{pair.banned}", pair.banned))

    def of(self, pairs: Iterable[AccountPair], alerted: Collection[AccountPair]) -> list[PairDiagnosis]:
        """What was found of some of the pairs; on the pairs ``alerted`` there was an alert."""
        asked: list[AccountPair] = []
        for pair in map(self.whole, pairs):
            closest = (
                [known for known in self.found if known.account == pair.account] if not pair.banned else []
            )
            asked += closest or [pair]
        return [
            replace(diagnosis, cause="alerted") if pair in alerted else diagnosis
            for pair in dict.fromkeys(asked)
            for diagnosis in [self.found.get(pair) or PairDiagnosis(pair, self._unmet(pair))]
        ]

    def _unmet(self, pair: AccountPair) -> str:
        if f"{ROW_OF_ACCOUNTS}{pair.account}" not in self._seen:
            as_ban = f"{ROW_OF_BANS}{pair.account}" in self._seen
            return "account-banned" if as_ban else "account-not-read"
        if pair.banned and f"{ROW_OF_BANS}{pair.banned}" not in self._seen:
            return "ban-not-read"
        return "not-looked-up" if pair.banned else "no-shared-key"


async def _closest(account: str, context: AgentContext) -> list[PairDiagnosis]:
    several = await closest(account, context, accounts=_names(account, ROW_OF_ACCOUNTS))
    return list(map(_by_number, several))


def _by_number(diagnosis: PairDiagnosis) -> PairDiagnosis:
    """The diagnosis as if rows had been named by their numbers alone."""
    if diagnosis.alert is None:
        return diagnosis
    alert = by_number(diagnosis.alert)
    return replace(diagnosis, alert=alert, pair=AccountPair(alert.key, alert.matched.key))


def _names(account: str, row_of: str) -> list[str]:
    """The names that an account may have within a run: its own, or that of a row (cli.inputs.row_ids)."""
    platform, _, account_id = account.partition(":")
    return [account, account_key(platform, f"{row_of}{account_id}")]
