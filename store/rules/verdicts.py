"""Keeps the decision in force on each alert: of people's decisions the latest, of one moment the same for
everybody.

Identities tell decisions apart, so a repeat changes nothing whatever else it says, and of two at one moment
every process takes the one whose identity is greater. No cap and no expiry: people make decisions, and each
alert keeps one. Beside it stands which account joined a family by it, so that this one is found when the
decision is taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from schemas.verdicts import Verdict
from store.base import Decided, Decision
from store.rules.keyspace import Command, Job, Keyspace, Sight, named, step, steps, values


class DecisionInForce(msgspec.Struct, array_like=True, frozen=True):
    """A decision, given at ``decided_at`` (Unix seconds); ``joined``: the digest of the account that joined
    by it.
    """

    decided_at: float = 0.0
    identity: bytes = b""
    verdict: Verdict = "mirror"
    joined: bytes = b""


DECISION: Final = msgspec.msgpack.Decoder(DecisionInForce)


def decided(known: DecisionInForce | None, given: DecisionInForce) -> DecisionInForce | None:
    """Returns the decision in force after one is given, ``None`` if the known one stays."""
    if known is None:
        return given
    new = known.identity != given.identity and (given.decided_at, given.identity) > (
        known.decided_at,
        known.identity,
    )
    return msgspec.structs.replace(given, joined=known.joined) if new else None


def silenced_at(known: DecisionInForce | None) -> float | None:
    """When the pair was silenced by the decision in force, ``None`` if it is not silent."""
    return known.decided_at if known is not None and known.verdict == "not_mirror" else None


class Verdicts:
    """Decisions by alert, each under the alert's home as `n:`."""

    def __init__(self, keys: Keyspace) -> None:
        self._keys = keys

    def place(self, alert_id: str) -> Command:
        """The command that reads the decision on an alert."""
        return named(self._keys, "GET", "n", self._keys.addresses.alert(alert_id).raw)

    async def decide(self, decisions: Sequence[Decision]) -> list[Decided]:
        by_alert: dict[str, list[int]] = {}
        for at, decision in enumerate(decisions):
            by_alert.setdefault(decision.alert_id, []).append(at)

        def job(alert_id: str, places: Sequence[int]) -> Job[list[tuple[int, Decided]]]:
            place = self.place(alert_id)

            async def act(sight: Sight) -> list[tuple[int, Decided]]:
                (known,) = await sight.get([place.name], DECISION)
                answers: list[tuple[int, Decided]] = []
                for at in places:
                    _, verdict, decided_at, identity = decisions[at]
                    claim = self._keys.addresses.claim(identity)
                    given = DecisionInForce(max(0.0, decided_at), claim, verdict)
                    new = decided(known, given)
                    if new is not None:
                        sight.put(place.name, new)
                    known = held = new or known or given
                    answers.append((at, Decided(held.verdict, held.decided_at, new is not None)))
                return answers

            return Job(place.home, act, [place])

        found = await steps(self._keys, [job(alert_id, places) for alert_id, places in by_alert.items()])
        answers = dict(pair for several in found for pair in several)
        return [answers[at] for at in range(len(decisions))]

    async def decided(self, alert_ids: Sequence[str]) -> list[Decided | None]:
        known = await values(self._keys, [self.place(alert_id) for alert_id in alert_ids], DECISION)
        return [Decided(it.verdict, it.decided_at, new=False) if it else None for it in known]

    async def note_joined(self, alert_id: str, account: bytes) -> None:
        """Notes which account (by digest) joined a family by the decision on an alert."""
        place = self.place(alert_id)

        async def act(sight: Sight) -> None:
            (known,) = await sight.get([place.name], DECISION)
            sight.put(place.name, msgspec.structs.replace(known or DecisionInForce(), joined=account))

        await step(self._keys, place.home, act)

    async def joined(self, alert_ids: Sequence[str]) -> list[bytes]:
        """The digests of the accounts that joined by the decisions on alerts, empty for none."""
        known = await values(self._keys, [self.place(alert_id) for alert_id in alert_ids], DECISION)
        return [it.joined if it else b"" for it in known]
