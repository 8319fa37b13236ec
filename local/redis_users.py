"""Who may do what in embedded Redis servers: who says no name what a worker may, an administrator everything.

The rules are read from the file that deployments load, so whatever is tried out here with more than a worker
may is refused here first, and not on the day that the file is loaded somewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

#: A link to `deploy/redis/users.acl`; wheels hold the file itself.
USERS: Final = Path(__file__).with_name("users.acl")
WORKER: Final = "samehand"
ADMINISTRATOR: Final = "administrator"
#: No secret: it keeps programs of ours from taking what they did not ask for, on loopback.
PASSWORD: Final = "of-embedded-servers"  # noqa: S105  # nobody is kept out by it


def worker_rules() -> list[str]:
    """What the worker's user may do, a rule each; the first turns it on."""
    (line,) = (line for line in USERS.read_text("utf-8").splitlines() if line.startswith(f"user {WORKER} "))
    return line.split()[2:]


def administrator_rules() -> list[str]:
    """What the administrator may do: everything, under the password."""
    return ["on", f">{PASSWORD}", "~*", "&*", "+@all"]


def user_options() -> list[str]:
    """The options of a server with these two users, who also lets replicas in by the administrator's name."""
    everybody = ["--user", "default", *worker_rules(), "nopass"]
    administrator = ["--user", ADMINISTRATOR, *administrator_rules()]
    return [*everybody, *administrator, "--masteruser", ADMINISTRATOR, "--masterauth", PASSWORD]
