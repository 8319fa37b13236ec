"""Who is told of traces: nobody, unless the settings ask for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from streams.clock import SystemClock
from streams.errors import SettingsError
from streams.settings import load
from streams.telemetry.tracer import tracer_of
from streams.tracing import OFF
from tests.streams.fakes import an_arrival


def test_nothing_is_followed_unless_somebody_asks_for_it() -> None:
    assert tracer_of(load({}), SystemClock()) is OFF
    assert OFF.follow([an_arrival()]) is None
    OFF.close()


def test_without_the_extra_the_setting_is_refused_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.delitem(sys.modules, "streams.telemetry.otel", raising=False)
    settings = load({"SAMEHAND_TRACES_URL": "http://127.0.0.1:4318/v1/traces"})
    with pytest.raises(SettingsError, match=r"samehand\[tracing\]"):
        tracer_of(settings, SystemClock())


#: redis-py imports OpenTelemetry's metrics wherever they are installed; what makes and sends spans is ours.
TELLING = ("streams.telemetry.otel", "opentelemetry.sdk.trace", "opentelemetry.exporter", "google.protobuf")


def test_a_worker_that_traces_nothing_imports_nothing_for_it() -> None:
    code = (
        "import sys, agents.runtime.worker\n"
        "from streams.clock import SystemClock\n"
        "from streams.settings import load\n"
        "agents.runtime.worker.tracer_of(load({}), SystemClock())\n"
        f"print([name for name in sys.modules if name.startswith({TELLING})])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
