"""What operators have: a running service under load, watched by a real Prometheus and a real Alertmanager.

Debian packages them (`prometheus`, `prometheus-alertmanager`, `chromium`). Where one is missing these tests
are skipped with the reason; under SAMEHAND_REQUIRE_OPS=1, as `make test-ops` sets it, a skipped one fails.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from local.binaries import NotAvailable
from local.broker import EmbeddedBroker
from tests.journeys.conftest import Platform
from tests.ops.load import CALM_SECONDS, REPLAY_SECONDS, Load
from tests.ops.pager import Pager
from tests.ops.reviewers import Reviewers
from tests.ops.watchers import Alertmanager, Prometheus

REQUIRED = "SAMEHAND_REQUIRE_OPS"
PICTURES = "SAMEHAND_SCREENSHOTS"
PACKAGES = (
    "prometheus, prometheus-alertmanager, chromium, redis-server, docker-compose, buildah, crun, debootstrap"
)
FLAGS = (
    "--no-sandbox",  # tests run as root in containers, where Chromium's sandbox cannot
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def pytest_configure(config: pytest.Config) -> None:
    """Registers the mark of tests that need a program of Debian's."""
    config.addinivalue_line("markers", "ops: needs Debian's prometheus, prometheus-alertmanager or chromium")
    config.addinivalue_line("markers", "image: builds the worker's image, as root, in minutes")


def required() -> bool:
    """Whether a skipped proof is a failure."""
    return os.environ.get(REQUIRED) == "1"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Whatever a test was skipped for, where it is required it failed."""
    report = yield
    if report.skipped and required():
        report.outcome = "failed"
        report.longrepr = f"skipped, which {REQUIRED}=1 forbids: {report.longrepr}"
    return report


def program(name: str) -> str:
    """The path of a program; without it the test is skipped."""
    if found := shutil.which(name):
        return found
    pytest.skip(f"{name} is not installed (Debian's packages: {PACKAGES})")


@pytest.fixture(scope="session")
def promtool() -> str:
    """Prometheus's own checker."""
    return program("promtool")


@pytest.fixture(scope="session")
def amtool() -> str:
    """Alertmanager's own checker."""
    return program("amtool")


@pytest.fixture(scope="session")
def chromium() -> str:
    """A real browser."""
    return program("chromium")


@pytest.fixture(scope="session")
def own_broker() -> Iterator[str]:
    """A broker of its own, so that topics bear the names that operators know."""
    try:
        with EmbeddedBroker() as embedded:
            yield embedded.address
    except NotAvailable as why:
        pytest.skip(str(why))


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, own_broker: str, redis_url: str) -> Iterator[Platform]:
    """A worker, with nothing to do yet."""
    platform = Platform(tmp_path_factory.mktemp("service"), own_broker, redis_url, prefix="")
    try:
        platform.open()
        yield platform
    finally:
        platform.close()


@pytest.fixture(scope="session")
def load(service: Platform) -> Iterator[Load]:
    """Events that flow to the worker while reviewers judge what it finds, until somebody stops them."""
    calm = os.environ.get(PICTURES) == "1"
    flowing = Load(service.settings, CALM_SECONDS if calm else REPLAY_SECONDS)
    reviewers = Reviewers(service.settings)
    flowing.start()
    reviewers.start()
    yield flowing
    flowing.stop()
    reviewers.stop()
    reviewers.join(30.0)
    assert (flowing.fault, reviewers.fault) == ("", "")


@pytest.fixture(scope="session")
def pager() -> Iterator[Pager]:
    """Who is woken."""
    with Pager() as opened:
        yield opened


@pytest.fixture(scope="session")
def alertmanager(tmp_path_factory: pytest.TempPathFactory, pager: Pager) -> Iterator[Alertmanager]:
    """Alertmanager under our configuration, with the pager's address in it."""
    with Alertmanager(
        program("prometheus-alertmanager"), tmp_path_factory.mktemp("alertmanager"), pager.url
    ) as opened:
        yield opened


@pytest.fixture(scope="session")
def prometheus(
    tmp_path_factory: pytest.TempPathFactory, service: Platform, alertmanager: Alertmanager
) -> Iterator[Prometheus]:
    """Prometheus under our rules, scraping the service each second."""
    with Prometheus(
        program("prometheus"),
        tmp_path_factory.mktemp("prometheus"),
        f"127.0.0.1:{service.port.number}",
        alertmanager.address,
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    sync_api: Any = pytest.importorskip(
        "playwright.sync_api", reason="the group `ops` is not installed: make test-ops"
    )
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield launched
        launched.close()
