"""The worker's image: what a linter says of its Dockerfile, and what it holds, may and does once it is built.

Building takes minutes, root and Debian's `buildah`, `crun` and `debootstrap`; `make test-image` is it alone.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.processes import Child
from tests.house import ROOT
from tests.journeys.conftest import Platform
from tests.makers import a_ban, a_sign_up
from tests.ops.chart import MISSING
from tests.ops.conftest import program, required
from tests.ops.contained import SECRETS, Image, build, opened
from tests.printed import printed

pytestmark = pytest.mark.ops

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
COMPILERS = {"cc", "c++", "gcc", "g++", "clang", "cpp", "as", "ld", "make", "cmake", "rustc", "cargo", "go"}
INSTALLERS = {"pip", "pip3", "uv", "easy_install"}


def test_the_dockerfile_is_clean() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip(MISSING)
    done = subprocess.run(
        [hadolint, ROOT / "deploy" / "image" / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_lock_that_the_dockerfile_names_reaches_the_build() -> None:
    named = re.findall(
        r"requirements/\w+\.lock", (ROOT / "deploy" / "image" / "Dockerfile").read_text("utf-8")
    )
    let_in = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {"requirements/run.lock", "requirements/tracing.lock"} <= set(named)
    assert [lock for lock in named if f"!{lock}" not in let_in] == []


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """Built here."""
    if not required():
        pytest.skip("the image is built by make test-ops and make test-image")
    for name in ("buildah", "debootstrap", "unshare", "setpriv"):
        program(name)
    if os.geteuid() != 0:
        pytest.skip(
            "building the image on Debian's packages takes root: make test-ops NO_IMAGE=1 leaves it out"
        )
    (script, _tag) = printed("deploy/image/build.sh samehand")
    build(script)
    with opened() as built:
        yield built


@pytest.fixture(scope="module")
def platform(
    tmp_path_factory: pytest.TempPathFactory,
    image: Image,
    broker: str,
    redis_url: str,
    redis_user: dict[str, str],
) -> Iterator[Platform]:
    """A platform whose worker is the image's."""
    contained = Platform(tmp_path_factory.mktemp("contained"), broker, redis_url, redis_user=redis_user)
    given = contained.environment
    files = {name: Path(value) for name, value in given.items() if name.endswith("_FILE")}
    environment = {**given, **{name: f"{SECRETS}/{name}" for name in files}}
    contained.worker = Child(image.start(image.command(), environment, files), contained.log, {})
    try:
        contained.open()
        yield contained
    finally:
        contained.close()


def status(platform: Platform) -> dict[str, str]:
    """What the kernel says of the worker's process."""
    lines = Path(f"/proc/{platform.worker.pid}/status").read_text().splitlines()
    return {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}


@pytest.mark.image
def test_it_holds_no_compiler_and_nothing_that_installs(image: Image) -> None:
    there = image.programs()
    assert {"samehand", "python3"} <= there
    assert there & COMPILERS == set()
    assert {name for name in there if name.rstrip("0123456789.") in INSTALLERS} == set()


@pytest.mark.image
def test_its_mind_is_machine_code(image: Image) -> None:
    done = image.run("python3", "-c", "from agents.runtime.worker import form; print(form())")
    assert done.stdout.strip() == "compiled", done.stderr


@pytest.mark.image
def test_it_holds_no_secret_and_no_test(image: Image) -> None:
    here = [path for path in (image.root / "opt" / "samehand").rglob("*") if path.name in {"tests", "bench"}]
    ours = [path for path in here if (path / "faults").is_dir() or (path / "quality").is_dir()]
    assert ours == []
    assert not (image.root / "etc" / "pip.conf").exists(), "the build's secret stayed in a layer"


@pytest.mark.image
def test_its_root_cannot_be_written_and_its_one_folder_can(image: Image) -> None:
    (volume,) = image.config["Volumes"]
    assert "Read-only file system" in image.run("touch", "/var/tmp/where-everybody-may-write").stderr
    assert image.run("touch", f"{volume}/of-faust").returncode == 0


@pytest.mark.image
def test_it_says_what_is_missing_in_words(image: Image) -> None:
    done = image.run(*image.command("doctor"))
    assert done.returncode == 1
    assert "SAMEHAND_PEPPER_FILE" in done.stdout


@pytest.mark.image
def test_a_worker_of_it_finds_a_mirror(platform: Platform) -> None:
    platform.publish(platform.topics.banned, a_ban("77", handle="umar_media", device_id=DEVICE))
    platform.until(lambda: platform.metric("samehand_fingerprints") == 1, "the ban to be enrolled")
    platform.publish(platform.topics.created, a_sign_up("99", handle="um4r_media_2", device_id=DEVICE))
    platform.until(lambda: platform.alerts_on("99"), "the alert")


@pytest.mark.image
def test_it_is_nobody_and_cannot_become_anybody(platform: Platform) -> None:
    told = status(platform)
    assert set(told["Uid"].split()) == {"65532"}
    assert {told[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert told["NoNewPrivs"] == "1"


@pytest.mark.image
def test_its_own_health_check_passes(image: Image, platform: Platform) -> None:
    kind, *check = image.config["Healthcheck"]["Test"]
    assert kind == "CMD"
    here = [part.replace("6066", str(platform.port.number)) for part in check]
    assert image.run(*here).returncode == 0


@pytest.mark.image
def test_it_stops_when_it_is_told_to(image: Image, platform: Platform) -> None:
    pid = platform.worker.pid
    assert pid is not None
    os.kill(pid, getattr(signal, image.config["StopSignal"]))
    platform.until(lambda: '"ended"' in platform.log.read_text(), "its last word")
    assert '"code": 0' in platform.log.read_text()
