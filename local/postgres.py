"""A PostgreSQL of Debian's, for the tests on one machine: a temporary cluster, loopback alone, no password.

Its programs refuse to run as root, so that root hands them to the user `postgres` of the package.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import ClassVar, Final

from local.binaries import NotAvailable
from local.ports import LOOPBACK
from local.server import LocalServer

FOLDER: Final = Path("/usr/lib/postgresql")
USER: Final = "postgres"


def programs() -> Path:
    """The folder of the newest server's programs. Raises `NotAvailable`."""
    folders = [path.parent for path in FOLDER.glob("*/bin/initdb") if path.parts[-3].isdecimal()]
    if not folders:
        raise NotAvailable("PostgreSQL is not there: install Debian's package `postgresql`.")
    return max(folders, key=lambda path: int(path.parts[-2]))


class EmbeddedPostgres(LocalServer):
    """A cluster of its own; :meth:`url` is the address of one of its databases."""

    name: ClassVar[str] = "postgres"
    start_seconds_max: ClassVar[float] = 60.0

    def command(self) -> list[str]:
        """Makes the cluster first, where there is none."""
        data = self.folder / "data"
        if not (data / "PG_VERSION").exists():
            if os.geteuid() == 0:
                owner = _owner()
                os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            made = [str(programs() / "initdb"), "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8"]
            # Sorted by code point; letters beyond ASCII are letters, which pg_trgm needs.
            locale = ["--no-sync", "--locale=C.UTF-8"]
            subprocess.run(  # noqa: S603  # a program of Debian's, with our own words
                [*_as_nobody_special(), *made, *locale], check=True, capture_output=True, cwd=self.folder
            )
        server = str(programs() / "postgres")
        # What tests lose when the machine loses its power is no loss.
        hasty = ["-c", "fsync=off", "-c", "max_connections=60", "-c", "wal_level=logical"]
        where = ["-D", str(data), "-h", LOOPBACK, "-p", str(self.port), "-k", ""]
        return [*_as_nobody_special(), server, *where, *hasty]

    def answers(self) -> bool:
        """Returns whether it accepts TCP connections; runs no query."""
        ready = [str(programs() / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0  # noqa: S603  # as above

    def url(self, database: str = USER) -> str:
        """The address of a database, for `SAMEHAND_DATABASE_URL`."""
        return f"postgresql://{USER}@{self.address}/{database}"

    def make(self, database: str, template: str = "template1") -> str:
        """Copies ``template``, which nobody may be connected to. Returns the new database's address."""
        made = [str(programs() / "createdb"), "-h", LOOPBACK, "-p", str(self.port), "-U", USER]
        made += ["-T", template, database]
        subprocess.run(made, check=True, capture_output=True)  # noqa: S603  # as above
        return self.url(database)


def _owner() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        raise NotAvailable(f"PostgreSQL does not run as root, and there is no user {USER!r}.") from None


def _as_nobody_special() -> list[str]:
    if os.geteuid() != 0:
        return []
    owner = _owner()
    runs_as = shutil.which("setpriv")
    if runs_as is None:
        raise NotAvailable("PostgreSQL does not run as root, and `setpriv` (util-linux) is not there.")
    # As the user changes, the kernel forgets that the command dies with its parent. SIGINT makes a server end
    # in order, with its processes and shared memory.
    return [
        runs_as,
        f"--reuid={owner.pw_uid}",
        f"--regid={owner.pw_gid}",
        "--clear-groups",
        "--pdeathsig=INT",
        "--",
    ]
