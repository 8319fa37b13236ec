"""The worker's image, built from Debian's packages, and its processes started as an engine would start them.

Container engines want cgroups, which virtual machines and build hosts often lay out otherwise. What matters
here needs none: a root that cannot be written, one folder that can, secrets as files, the image's own user
without a capability or a way to one, and the image's own environment, entry point and health check.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.house import ROOT

TAG = "samehand-under-test"
BUILDAH = ("buildah", "--storage-driver", "vfs")
BUILD_SECONDS_MAX = 900.0
SECRETS = "/run/secrets"


def buildah(*command: str) -> str:
    """What buildah prints."""
    return subprocess.run([*BUILDAH, *command], capture_output=True, text=True, check=True).stdout.strip()


def build(script: str) -> None:
    """Builds the image by a script of the project, and its base where there is none yet."""
    done = subprocess.run(
        [ROOT / script, "--debian", TAG],
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_SECONDS_MAX,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


@dataclass(frozen=True, slots=True)
class Image:
    """A built image, unpacked at `root`; `config` is what an engine is told of it."""

    root: Path
    config: Mapping[str, Any]

    def environment(self) -> dict[str, str]:
        """What the image sets."""
        return dict(line.split("=", 1) for line in self.config["Env"])

    def command(self, *arguments: str) -> list[str]:
        """What it starts, with these arguments in place of its own."""
        return [*self.config["Entrypoint"], *(arguments or self.config["Cmd"])]

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], secrets: Mapping[str, Path]
    ) -> list[str]:
        """How a host starts a command of it; the process keeps its id, so that signals reach it.

        ``secrets`` by the names that they have in `SECRETS`.
        """
        root, (user, group) = shlex.quote(str(self.root)), self.config["User"].split(":")
        own = f"mode=0700,uid={user},gid={group}"
        steps = [
            f"mount --bind {root} {root}",
            f"mount -o remount,bind,ro {root}",
            f"mount -t proc proc {root}/proc",
            f"mount --rbind /dev {root}/dev",
            *(f"mount -t tmpfs -o {own} tmpfs {root}{volume}" for volume in self.config["Volumes"]),
            f"mount -t tmpfs tmpfs {root}/run",
            f"mkdir {root}{SECRETS}",
            *(
                f"install -o {user} -g {group} -m 0400 {shlex.quote(str(path))} {root}{SECRETS}/{name}"
                for name, path in secrets.items()
            ),
        ]
        variables = [f"{name}={value}" for name, value in {**self.environment(), **environment}.items()]
        confined = ["setpriv", "--reuid", user, "--regid", group, "--clear-groups", "--no-new-privs"]
        inside = [*confined, "--bounding-set=-all", "--inh-caps=-all", "env", "-i", *variables, *command]
        script = "\n".join([*steps, f"exec chroot {root} {shlex.join(inside)}"])
        return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """A command in it, to its end."""
        return subprocess.run(self.start(command, {}, {}), capture_output=True, text=True, check=False)

    def programs(self) -> set[str]:
        """The name of every program in it, wherever it lies."""
        folders = [folder for folder, _, _ in os.walk(self.root) if Path(folder).name in ("bin", "sbin")]
        return {entry.name for folder in folders for entry in os.scandir(folder)}


@contextmanager
def opened() -> Iterator[Image]:
    """The image unpacked, for as long as it is looked at; then it goes, its base stays for the next build."""
    told = json.loads(buildah("inspect", "--type", "image", f"localhost/{TAG}"))
    container = buildah("from", f"localhost/{TAG}")
    try:
        yield Image(Path(buildah("mount", container)), told["Docker"]["config"])
    finally:
        buildah("rm", container)
        buildah("rmi", f"localhost/{TAG}")
