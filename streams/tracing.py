"""Traces: how long an event waited in each stage, from its own headers to the alert that it led to.

Code that does a stage says `with stage("look-up"):`, and knows nothing of who listens. Delivery lets a
`Tracer` follow each batch; while it follows none (always, unless `SAMEHAND_TRACES_URL` is set) a stage costs
a look at a context variable: ten to forty a batch, none a record.

A batch goes through its stages together, so each event of it waited for each stage as long as the stage took:
the stages are written down once a batch, in a `Trail`, and exported for every event that is followed. No
value of an account is ever among them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Final, Protocol

from streams.outcomes import Arrival, Headers, Outcome, Published

STEPS_OF_A_NAME_MAX: Final = 8
"""Of one batch, so that an outage's retries do not push out what comes after it; names are some twenty."""


@dataclass(slots=True)
class TracedStep:
    """One stage of one batch. Times in seconds since the batch was taken in hand."""

    name: str
    within: int | None
    """The place of the step that it was part of, None for the event itself."""
    began: float
    ended: float = 0.0
    fault: str = ""
    """The type of what ended it early, "" for nothing: a message might quote a value."""


class Trail:
    """The stages of one batch as they happen, and what is known of its events by their places in it."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self.steps: list[TracedStep] = []
        self.untold = 0
        """Steps beyond `STEPS_OF_A_NAME_MAX`."""
        self.notes: dict[int, dict[str, str | int]] = {}
        self._ticks = ticks
        self._began = ticks()
        self._within: int | None = None
        self._times: Counter[str] = Counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Records what runs inside as this stage; stages within it are parts of it."""
        if self._times[name] >= STEPS_OF_A_NAME_MAX:
            self.untold += 1
            yield
            return
        self._times[name] += 1
        step, outer = TracedStep(name, self._within, self.elapsed()), self._within
        self._within = len(self.steps)
        self.steps.append(step)
        try:
            yield
        except BaseException as fault:
            step.fault = type(fault).__name__
            raise
        finally:
            step.ended = self.elapsed()
            self._within = outer

    def elapsed(self) -> float:
        """Seconds since the batch was taken in hand."""
        return self._ticks() - self._began


class Followed(Protocol):
    """A batch that is followed."""

    @property
    def trail(self) -> Trail:
        """Where its stages are written down."""
        ...

    def headers(self, place: int) -> Headers:
        """The headers of every record that the event at this place leads to: the trace goes on there."""
        ...

    def settled(self, outcomes: Sequence[Outcome]) -> None:
        """The first events of the batch have these outcomes, durably. Nothing is exported of the others."""
        ...


class Tracer(Protocol):
    """Decides which events are followed, and exports their traces."""

    def follow(self, arrivals: Sequence[Arrival]) -> Followed | None:
        """Follow a batch; None where nothing of it is to be traced."""
        ...

    def close(self) -> None:
        """Export what is left, within a bounded time."""
        ...


class _Off:
    def follow(self, arrivals: Sequence[Arrival]) -> Followed | None:
        return None

    def close(self) -> None:
        pass


OFF: Final[Tracer] = _Off()
"""Follows nothing."""

_trail: ContextVar[Trail | None] = ContextVar("trail", default=None)
_NO_STAGE: Final = nullcontext()


def stage(name: str) -> AbstractContextManager[None]:
    """Records what runs inside as this stage of the batch in hand."""
    trail = _trail.get()
    return _NO_STAGE if trail is None else trail.stage(name)


def note(facts: Callable[[], Mapping[int, Mapping[str, str | int]]]) -> None:
    """Facts of the batch's events by their places: opaque ids and counts, never a value of an account.

    `facts` is called only while the batch is followed.
    """
    trail = _trail.get()
    if trail is not None:
        for place, facts_of_place in facts().items():
            trail.notes.setdefault(place, {}).update(facts_of_place)


@contextmanager
def _following(trail: Trail) -> Iterator[None]:
    token = _trail.set(trail)
    try:
        yield
    finally:
        _trail.reset(token)


def following(followed: Followed | None) -> AbstractContextManager[None]:
    """Makes the stages that run inside belong to this batch."""
    return _NO_STAGE if followed is None else _following(followed.trail)


def carrying(followed: Followed | None, outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes; what they publish bears the trace headers of the event that led to it."""
    if followed is None:
        return outcomes
    carried: list[Outcome] = []
    for place, outcome in enumerate(outcomes):
        headers = followed.headers(place)
        if headers and isinstance(outcome, Published):
            emits = (replace(emit, headers=emit.headers + headers) for emit in outcome.emits)
            carried.append(Published(tuple(emits)))
        else:
            carried.append(outcome)
    return carried
