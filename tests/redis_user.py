"""The user that a worker is in Redis, by the file that deployments load: tests of the store run as it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from tests.house import ROOT

USERS = ROOT / "deploy" / "redis" / "users.acl"
NAME = "samehand"
PASSWORD = "only tests know it"


def rules() -> list[str]:
    """What the worker's user may do, a rule each."""
    (line,) = (line for line in USERS.read_text("utf-8").splitlines() if line.startswith(f"user {NAME} "))
    return line.split()[2:]


def commands() -> set[str]:
    """The commands that the user may send, in lower case."""
    return {rule[1:] for rule in rules() if rule.startswith("+")}


def with_password() -> str:
    """The user's line with the digest of :data:`PASSWORD`, as `deploy/redis/users.sh` writes it."""
    on, *others = rules()
    return " ".join(["user", NAME, on, f"#{sha256(PASSWORD.encode()).hexdigest()}", *others])


def write_users(path: Path) -> None:
    """A file for a server of tests: the worker's user, and a default one that may do everything."""
    path.write_text(f"user default on nopass ~* &* +@all\n{with_password()}\n", "utf-8")
