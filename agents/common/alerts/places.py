"""The places of a look-back: which of the accounts that resemble a ban get an alert of their own.

An account that has an alert on the ban or on an alike one needs no place (`alerts.contenders`). A cluster of
accounts has at most ``alerts_a_cluster`` open alerts over these bans, and at most ``alerts_a_ban`` clusters
have any. The other pairs are counted in the ban's summary, and looked at again once a place is free
(:mod:`agents.common.again`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from agents.common.alerts.compose import Pair
from agents.common.alerts.withdrawal import READ_AT_ONCE
from agents.common.context import AgentContext, AlertPolicy
from agents.common.match import likeness
from agents.common.snapshot import Snapshot
from agents.common.yielder import Yielder
from samehand.clusters import Clusters, alike
from store.base import Ban, OpenAlert


@dataclass(frozen=True, slots=True)
class Held:
    """What accounts have already, on a ban and on those that are alike.

    ``here``: accounts with an open alert on the ban itself. ``elsewhere``: the open alerts on alike bans, by
    account. ``known``: accounts with any, those with one that was dismissed or superseded, and those of which
    any dismissal has shown values.
    """

    here: set[str] = field(default_factory=set)
    elsewhere: Counter[str] = field(default_factory=Counter)
    known: set[str] = field(default_factory=set)

    @property
    def open(self) -> int:
        """How many alerts are open."""
        return len(self.here) + self.elsewhere.total()


async def held(ban: Ban, pairs: Sequence[Pair], context: AgentContext, snapshot: Snapshot) -> Held:
    """Reads what the accounts of these pairs have on the ban and on those in force that are alike."""
    accounts = [pair.ours.account for pair in pairs]
    alerts, known = list[OpenAlert](), set[str]()
    for at in range(0, len(accounts), READ_AT_ONCE):
        some = accounts[at : at + READ_AT_ONCE]
        several, shown = await context.call_store(context.store.alerts_and_shown(some))
        known.update(account for account, lines in zip(some, shown, strict=True) if lines)
        alerts += [
            alert
            for about in several
            for alert in about
            if alert.open or alert.withdrawn in ("verdict", "superseded")
        ]
    here = {alert.account for alert in alerts if alert.open and alert.banned == ban.account}
    holdings = Held(here, known=known)
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
        if alert.banned in kin or alert.banned == ban.account:
            holdings.known.add(alert.account)
    return holdings


async def given_out(
    pairs: Sequence[Pair], holdings: Held, alert_policy: AlertPolicy, snapshot: Snapshot, yielder: Yielder
) -> tuple[list[Pair], list[Pair]]:
    """Returns the pairs that get a place, and those withheld; accounts that need none are in neither."""
    fresh = [pair for pair in pairs if pair.ours.account not in holdings.known]
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
    chosen, withheld = list[Pair](), list[Pair]()
    for pair in fresh:
        number = cluster[pair.ours.account]
        if number is not None and taken[number] < alert_policy.alerts_a_cluster:
            taken[number] += 1
            chosen.append(pair)
        else:
            withheld.append(pair)
    return chosen, withheld
