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
    EXIT_OK: "stopped as asked",
    EXIT_FAILED: "failed; the log says why",
    EXIT_SETTINGS: "a setting, or a file that a setting names, cannot be used",
    EXIT_STORE: "the store was made with other sizes or another pepper",
    EXIT_BROKER: "no Kafka broker answers",
    EXIT_FORCED: "stopping took longer than SAMEHAND_STOP_SECONDS",
    EXIT_ADDRESS: "the web address is in use, or is not this machine's",
    EXIT_STUCK: "no progress: ended so that a supervisor restarts it",
    EXIT_REFUSED: "Kafka or Redis refuses the login or a permission",
    EXIT_CONFIG: "topics are missing or lose data, Redis evicts, or weights lack a file",
}
"""What each code says, for help and documents."""
