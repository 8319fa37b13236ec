"""What is asked before the group is joined: each answer says what, where and what to do."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from local.ports import LOOPBACK
from streams.faust_app.start_checks import address_fault, folder_fault, kafka_fault
from streams.settings import Settings, load
from streams.supervision.exit_codes import EXIT_ADDRESS, EXIT_BROKER, EXIT_REFUSED, EXIT_SETTINGS
from tests.streams.conftest import free_port


def at(port: int, host: str = LOOPBACK) -> Settings:
    return load({"SAMEHAND_WEB_HOST": host, "SAMEHAND_WEB_PORT": str(port)})


def brokers(address: str, **more: str) -> Settings:
    return load({"SAMEHAND_KAFKA_BROKERS": address, **more})


@pytest.mark.parametrize("host", [LOOPBACK, "localhost", "0.0.0.0", "::1"])
def test_an_address_that_is_free_is_no_fault_and_stays_free(host: str) -> None:
    port = free_port()
    assert address_fault(at(port, host)) is None
    assert address_fault(at(port, host)) is None


def test_an_address_that_was_left_a_moment_ago_is_free() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((LOOPBACK, port)):
            server.accept()[0].close()  # it is we who hang up: the port is in TIME_WAIT
    assert address_fault(at(port)) is None


def test_an_address_that_is_taken_names_itself_and_the_setting() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        fault = address_fault(at(port))
    assert fault is not None
    assert f"{LOOPBACK}:{port} is taken" in fault.what
    assert "SAMEHAND_WEB_PORT" in fault.cure
    assert fault.code == EXIT_ADDRESS


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_of_another_machine_names_the_setting(host: str) -> None:
    fault = address_fault(at(6066, host))
    assert fault is not None
    assert host in fault.what
    assert "SAMEHAND_WEB_HOST" in fault.cure


@pytest.mark.journey
def test_a_broker_that_answers_is_no_fault(broker: str) -> None:
    assert kafka_fault(brokers(f"127.0.0.1:{free_port()},{broker}")) is None


def test_where_nobody_listens_it_says_where() -> None:
    address = f"127.0.0.1:{free_port()}"
    fault = kafka_fault(brokers(address))
    assert fault is not None
    assert (fault.what, fault.code) == (f"{address} does not listen", EXIT_BROKER)


def test_it_waits_for_a_broker_that_is_starting_as_long_as_it_was_told() -> None:
    began = time.monotonic()
    assert kafka_fault(brokers(f"127.0.0.1:{free_port()}"), patience_seconds=1.0) is not None
    assert time.monotonic() - began >= 1.0


def test_a_name_that_nobody_knows_is_told() -> None:
    fault = kafka_fault(brokers("no.such.host.invalid:9092"))
    assert fault is not None
    assert "no.such.host.invalid:9092" in fault.what
    assert "SAMEHAND_KAFKA_BROKERS" in fault.cure


def test_who_hangs_up_is_asked_about_tls_and_login() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        server.settimeout(10)

        def hang_up() -> None:
            server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        fault = kafka_fault(brokers(f"{LOOPBACK}:{server.getsockname()[1]}"))
        thread.join()
    assert fault is not None
    assert "SAMEHAND_KAFKA_TLS" in fault.cure


def test_who_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.kafka.probe.ANSWER_SECONDS", 0.2)
    with socket.create_server((LOOPBACK, 0)) as server:
        fault = kafka_fault(brokers(f"{LOOPBACK}:{server.getsockname()[1]}"))
    assert fault is not None
    assert fault.what.endswith("does not answer")


def test_a_certificate_that_cannot_be_used_is_told_and_not_waited_for(tmp_path: Path) -> None:
    rubbish = tmp_path / "ca.pem"
    rubbish.write_text("rubbish")
    given = {"SAMEHAND_KAFKA_TLS": "true", "SAMEHAND_KAFKA_CA_FILE": str(rubbish)}
    fault = kafka_fault(brokers("127.0.0.1:9", **given), patience_seconds=60)
    assert fault is not None
    assert "SAMEHAND_KAFKA_CA_FILE" in fault.cure
    assert fault.code == EXIT_REFUSED


@pytest.mark.parametrize("folder", ["", "not-there-yet"])
def test_a_folder_that_takes_files_or_can_be_made_is_no_fault_and_stays_as_it_is(
    folder: str, tmp_path: Path
) -> None:
    assert folder_fault(load({"SAMEHAND_DATA_DIR": str(tmp_path / folder)})) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["a-file", "not/there", "/proc"])
def test_a_folder_that_takes_no_files_names_itself_and_the_setting(folder: str, tmp_path: Path) -> None:
    (tmp_path / "a-file").touch()
    fault = folder_fault(load({"SAMEHAND_DATA_DIR": str(tmp_path / folder)}))
    assert fault is not None
    assert str(tmp_path / folder) in fault.what
    assert "SAMEHAND_DATA_DIR" in fault.cure
    assert fault.code == EXIT_SETTINGS
