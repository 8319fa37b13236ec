"""The user that a worker is in Redis, by the file that deployments load, with a name and a password.

On servers of tests whoever says no name has its rights already (:mod:`local.redis`); journeys say name
and password, as a deployment does.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from local.redis import WORKER as NAME
from local.redis import worker_rules
from tests.house import ROOT

__all__ = ["NAME", "PASSWORD", "USERS", "commands", "with_password", "write_users"]

USERS = ROOT / "deploy" / "redis" / "users.acl"
PASSWORD = "only tests know it"


def commands() -> set[str]:
    """The commands that the user may send, in lower case."""
    return {rule[1:] for rule in worker_rules() if rule.startswith("+")}


def with_password() -> str:
    """The user's line with the digest of :data:`PASSWORD`, as `deploy/redis/users.sh` writes it."""
    on, *others = worker_rules()
    return " ".join(["user", NAME, on, f"#{sha256(PASSWORD.encode()).hexdigest()}", *others])


def write_users(path: Path) -> None:
    """The file of a deployment: the worker's user and nobody else."""
    path.write_text(f"user default off\n{with_password()}\n", "utf-8")
