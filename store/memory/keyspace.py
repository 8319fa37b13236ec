"""The keyspace of :mod:`store.rules` as a dictionary: the few commands of Redis that rules use."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from math import inf
from typing import Any, Final, TypeVar

from store.common.key_digests import Addresses
from store.rules.keyspace import Command, Part, Standing, Transaction

_ONE_HOME: Final = 0
T = TypeVar("T")


class Dictionary:
    """Values by name, with the moment (Unix seconds) until which each is kept; ``now`` is the owner's to
    set.
    """

    def __init__(self, addresses: Addresses, standing: Callable[[str, float], Standing]) -> None:
        self.addresses = addresses
        self.homes = (_ONE_HOME,)
        self.now = 0.0
        self.values: dict[Part, tuple[Any, float]] = {}
        self._standing = standing

    def home(self, digest: bytes) -> int:
        return _ONE_HOME

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        return [self._run(*each.parts) for each in commands]

    async def apply(self, steps: Sequence[Transaction]) -> list[bool]:
        return [self._applied(step) for step in steps]

    def _applied(self, step: Transaction) -> bool:
        same = all((self._held(name) or b"")[: len(known) or None] == known for name, known in step.read)
        for parts in step.commands if same else ():
            self._run(*parts)
        return same

    async def standing(
        self, accounts: Sequence[str], now: float, besides: Sequence[Command] = ()
    ) -> tuple[list[Standing], list[Any]]:
        self.now = now
        return [self._standing(account, now) for account in accounts], await self.ask(besides)

    async def together(self, jobs: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
        return [await job for job in jobs]

    def _held(self, name: Part) -> Any:
        held, until = self.values.get(name, (None, inf))
        return held if until > self.now else None

    def _run(self, verb: Part, name: Part, *arguments: Any) -> Any:
        held = self._held(name)
        members: dict[Any, Any] = held if isinstance(held, dict) else {}
        match verb, arguments:
            case "GET", ():
                return held
            case "SET", (value, *options):
                if "NX" not in options or held is None:
                    lasts = float(options[options.index("EX") + 1]) if "EX" in options else inf
                    self.values[name] = (value, self.now + lasts)
            case "DEL", ():
                self.values.pop(name, None)
            case "EXPIRE", (seconds,):
                if held is not None:
                    self.values[name] = (held, self.now + seconds)
            case (("ZCARD" | "HLEN"), ()):
                return len(members)
            case (("ZREM" | "HDEL"), (member,)):
                members.pop(member, None)
                if not members:
                    self.values.pop(name, None)
            case "HSET", (field, value):
                self._members(name)[field] = value
            case "HGET", (field,):
                return members.get(field)
            case "HGETALL", ():
                return [part for pair in members.items() for part in pair]
            case "ZADD", (*options, score, member):
                score, known = float(score), members.get(member, inf)
                if options != ["NX"] or member not in members:
                    self._members(name)[member] = min(score, known) if options == ["LT"] else score
            case "ZRANGE", (first, last, *scores):
                ranked = _ranked(members)[first : None if last == -1 else last + 1]
                return [part for pair in ranked for part in (pair if scores else pair[:1])]
            case "ZRANGEBYSCORE", (least, most, "LIMIT", 0, limit):
                return [member for member, score in _ranked(members) if _within(score, least, most)][:limit]
            case "ZREMRANGEBYSCORE", (_, most):
                self.values[name] = ({key: at for key, at in members.items() if at > float(most)}, inf)
            case "ZREMRANGEBYRANK", (0, last):
                self.values[name] = (dict(_ranked(members)[len(members) + 1 + last :]), inf)
            case _:
                raise ValueError(f"the dictionary knows no {verb!r} of these arguments: add it here")
        return None

    def _members(self, name: Part) -> dict[Any, Any]:
        if self._held(name) is None:
            self.values[name] = ({}, inf)
        held: dict[Any, Any] = self.values[name][0]
        return held


def _ranked(held: Mapping[bytes, float]) -> list[tuple[bytes, float]]:
    return sorted(held.items(), key=lambda pair: (pair[1], pair[0]))


def _within(score: float, least: Part, most: Part) -> bool:
    """Returns whether a score lies between two bounds, of which a lower one with `(` is left out."""
    return (
        score > float(least[1:]) if isinstance(least, str) and least[:1] == "(" else score >= float(least)
    ) and (score <= float(most))
