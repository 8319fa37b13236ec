"""The places of a look-back: which of the accounts that resemble a ban get an alert of their own.

Of alike bans, an account has one alert: by the first that found it, and by a later one if that reaches a
higher band. A cluster of accounts has at most ``alerts_a_cluster`` open alerts over these bans, and at most
``alerts_a_ban`` clusters have any. The other pairs are counted in the ban's summary, and looked at again once
a place is free (:mod:`agents.common.again`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from agents.common.alerts import Pair
from agents.common.context import AgentContext, AlertPolicy
from agents.common.match import likeness
from agents.common.snapshot import Snapshot
from agents.common.yielder import Yielder
from samehand.clusters import Clusters, alike
from store.base import Ban, OpenAlert
from store.common.alert_dedup import band_rank

READ_AT_ONCE: Final = 16
"""Accounts whose alerts are read together: at worst 500 on each, of 3 KB."""


@dataclass(frozen=True, slots=True)
class Held:
    """What accounts have already, on a ban and on those that are alike.

    ``here``: accounts with an open alert on the ban itself. ``elsewhere``: the open alerts on alike bans, by
    account. ``ranks``: the rank of the highest band in which an alike ban's alert is open or was dismissed.
    """

    here: set[str] = field(default_factory=set)
    elsewhere: Counter[str] = field(default_factory=Counter)
    ranks: dict[str, int] = field(default_factory=dict)

    @property
    def open(self) -> int:
        """How many alerts are open."""
        return len(self.here) + self.elsewhere.total()


async def held(ban: Ban, pairs: Sequence[Pair], context: AgentContext, snapshot: Snapshot) -> Held:
    """Reads what the accounts of these pairs have on the ban and on those in force that are alike."""
    accounts = [pair.ours.account for pair in pairs]
    alerts: list[OpenAlert] = []
    for at in range(0, len(accounts), READ_AT_ONCE):
        several = await context.call_store(context.store.alerts_about(accounts[at : at + READ_AT_ONCE]))
        alerts += [alert for some in several for alert in some if alert.open or alert.withdrawn == "verdict"]
    holdings = Held(here={alert.account for alert in alerts if alert.open and alert.banned == ban.account})
    others = sorted({alert.banned for alert in alerts} - {ban.account})
    bans = await context.call_store(context.store.bans(others, now=context.now())) if others else []
    weights = snapshot.weighing.weights
    kin = {
        other.account
        for other in bans
        if other is not None
        and any(alike(mine, its, weights) for mine in ban.fingerprints for its in other.fingerprints)
    }
    for alert in alerts:
        if alert.banned in kin:
            holdings.elsewhere[alert.account] += alert.open
            holdings.ranks[alert.account] = max(holdings.ranks.get(alert.account, 0), band_rank(alert.band))
    return holdings


async def given_out(
    pairs: Sequence[Pair], holdings: Held, alert_policy: AlertPolicy, snapshot: Snapshot, yielder: Yielder
) -> tuple[list[Pair], list[Pair], list[Pair]]:
    """Returns the pairs that get a place or have one, those withheld, and those left to an alike ban."""
    fresh = [pair for pair in pairs if _is_news(pair, holdings)]
    if len(fresh) + holdings.open <= min(alert_policy.alerts_a_ban, alert_policy.alerts_a_cluster):
        cluster: dict[str, int | None] = {pair.ours.account: 0 for pair in pairs}
    else:
        near = likeness(snapshot, lambda pair: (pair.ours.account, pair.mine))
        clusters, cluster = Clusters(near, alert_policy.alerts_a_ban), {}
        for pair in pairs:
            cluster[pair.ours.account] = clusters.place(pair)
            await yielder.pause()
    taken: Counter[int | None] = Counter()
    for pair in pairs:
        account = pair.ours.account
        taken[cluster[account]] += holdings.elsewhere[account] + (account in holdings.here)
    chosen, withheld, already_alerted = list[Pair](), list[Pair](), list[Pair]()
    for pair in pairs:
        account = pair.ours.account
        number = cluster[account]
        if account in holdings.here:
            chosen.append(pair)
        elif not _is_news(pair, holdings):
            already_alerted.append(pair)
        elif number is not None and taken[number] < alert_policy.alerts_a_cluster:
            taken[number] += 1
            chosen.append(pair)
        else:
            withheld.append(pair)
    return chosen, withheld, already_alerted


def _is_news(pair: Pair, holdings: Held) -> bool:
    return band_rank(pair.score.band) > holdings.ranks.get(pair.ours.account, 0)
