"""Exceptions of the package `streams`.

::

    StreamsError
    ├── SettingsError       a setting is missing or wrong: says which, and why, never its value
    ├── TopicsError         the broker cannot be asked about its topics, or refuses
    ├── BrokerRefused       Kafka says no for good: no right, no such topic, a wrong option
    │   └── RecordTooLarge      Kafka takes no record of this size on its topic
    ├── LettersError        a dead letter cannot be found, or its record is gone
    ├── Transient           an outage: hold the partition, try again, for ever; nothing is lost
    │   └── BrokerUnavailable   Kafka does not take or confirm a record now
    │       └── BrokerUnreachable   no broker is at the addresses of the settings
    └── Stuck               the worker stopped getting anywhere: the watchdog ends the process

Code that hands a step to `delivery` translates its own outages (a Redis time-out, a refused connection) into
`Transient`. Every other exception is a fault of ours and ends the process with the batch unacknowledged.
"""

from __future__ import annotations


class StreamsError(Exception):
    """The root of the family."""


class SettingsError(StreamsError):
    """One or more settings are wrong.

    `faults` maps the variable's name to the reason; values are never quoted.
    """

    def __init__(self, faults: dict[str, str]) -> None:
        self.faults = dict(faults)
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in faults.items()))


class TopicsError(StreamsError):
    """The broker cannot be asked about its topics, or refuses."""


class BrokerRefused(StreamsError):  # says what happened, as its siblings do
    """Kafka says no, and would again: no right, no such topic, a wrong option."""


class RecordTooLarge(BrokerRefused):  # says what happened, as its siblings do
    """Kafka takes no record of this size on its topic (`max.message.bytes`), however often it is sent."""


class LettersError(StreamsError):
    """A dead letter cannot be found, or the record it points to is gone from its topic."""


class Transient(StreamsError):  # names a state of the world, as `StoreUnavailable` does
    """An outage. The step is repeated until it succeeds; meanwhile the partition waits.

    `after_seconds`: for so long the server asked not to be asked again.
    """

    def __init__(self, *what: object, after_seconds: float = 0.0) -> None:
        super().__init__(*what)
        self.after_seconds = after_seconds


class BrokerUnavailable(Transient):
    """Kafka did not take or confirm a record; whether it has it is unknown, so it is sent again."""


class BrokerUnreachable(BrokerUnavailable):
    """At none of the addresses that the settings name anything accepts a connection."""


class Stuck(StreamsError):  # says what the worker is
    """The worker stopped getting anywhere and cannot say why; a restart is the cure."""
