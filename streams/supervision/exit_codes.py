"""Exit codes of a worker and their reasons, after `sysexits.h` where it has one.

They tell an orchestrator, and the supervisor, whether another start can help.
"""

from __future__ import annotations

from typing import Final

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_SETTINGS: Final = 2  # as every command ends on bad input
EXIT_STORE: Final = 65  # EX_DATAERR
EXIT_BROKER: Final = 69  # EX_UNAVAILABLE
EXIT_FORCED: Final = 70  # EX_SOFTWARE
EXIT_ADDRESS: Final = 71  # EX_OSERR
EXIT_STUCK: Final = 75  # EX_TEMPFAIL
EXIT_REFUSED: Final = 77  # EX_NOPERM
EXIT_CONFIG: Final = 78  # EX_CONFIG

MEANINGS: Final = {
    EXIT_OK: "it was told to stop, and did",
    EXIT_FAILED: "a fault that its log names",
    EXIT_SETTINGS: "a setting, or a file that one names, cannot be used",
    EXIT_STORE: "the store was made with other shards, sizes or another pepper",
    EXIT_BROKER: "no Kafka broker answers",
    EXIT_FORCED: "a stop took longer than SAMEHAND_STOP_SECONDS",
    EXIT_ADDRESS: "its web address is taken or not this machine's",
    EXIT_STUCK: "it got nowhere, and ended so that another start may",
    EXIT_REFUSED: "Kafka or Redis refuses the login or a right",
    EXIT_CONFIG: "topics are missing or would lose data, or Redis would drop keys when it is full",
}
"""What each code says, for help and documents."""
