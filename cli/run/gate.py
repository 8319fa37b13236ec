"""``samehand gate``: answers over HTTP, until it is stopped."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agents.runtime.former_weights import former_weights_fault
from agents.runtime.store_factory import peppers_of
from streams import settings
from streams.errors import BrokerUnavailable, SettingsError
from streams.faust_app.start_checks import StartFault
from streams.kafka.mapped_topics import mappings_of
from streams.settings import Settings
from streams.supervision.flight_recorder import FlightRecorder
from streams.supervision.supervisor import Birth, supervise
from streams.telemetry import logs

if TYPE_CHECKING:  # a quarter of a second of imports, which the supervisor does without
    from gate.coop import CoopActions
    from gate.keys import Keyring
    from gate.webhooks import ForeignWebhook

KEYS: str = "SAMEHAND_GATE_KEYS"


@click.command("gate", short_help="Serve the HTTP API: score sign-ups, take events, until stopped.")
def command() -> int:
    """Serve the HTTP API: score sign-ups; take events, webhooks and verdicts; until stopped.

    POST /v1/score answers whether an account that is signing up resembles a banned one: `match`, `no_match`,
    or `undecided` if the store is unavailable or the deadline has passed. A match is a reason to ask for more
    (a CAPTCHA, a review), never to refuse. The gate stores no account, so the sign-up's event must still be
    published.

    POST /v1/events/{kind} and /v1/verdicts publish records to Kafka; /v1/webhooks/{mapping} publishes what
    the mapping file (SAMEHAND_MAPPINGS) makes of another service's webhooks, whose signatures
    SAMEHAND_GATE_WEBHOOKS describes; /v1/appeals relays what account holders contest to the desk at
    SAMEHAND_GATE_DESK_URL; GET /v1/alerts/{id} returns an alert; POST /v1/related tells a desk's leads who is
    like an account. /openapi.json describes them all; docs/gate.md shows how to use them.

    Needs the pepper file, a file of API keys (`samehand keys new`), and Redis, which it only reads
    (deploy/redis/gate.acl). It speaks plain HTTP: put a proxy that ends TLS in front. The API is served at
    SAMEHAND_GATE_HOST and SAMEHAND_GATE_PORT, /metrics and /health at SAMEHAND_WEB_HOST and
    SAMEHAND_WEB_PORT.

    \b
    Exit codes:
      0   stopped as asked
      1   failed; the log says why
      2   a setting, or a file that a setting names, cannot be used
      65  the store was made with other sizes or another pepper
      71  an address is in use, or is not this machine's
      77  Redis refuses the login or a permission
      78  Redis evicts keys when full, or adopted weights are in no file

    \b
    Example:
      samehand keys new sign-up --may score --file keys.json
      SAMEHAND_GATE_KEYS=keys.json SAMEHAND_PEPPER_FILE=pepper \\
      SAMEHAND_REDIS_URL=redis://redis:6379/0 \\
      SAMEHAND_KAFKA_BROKERS=kafka-1:9092 SAMEHAND_WEB_PORT=6071 samehand gate
    """
    given = settings.load()
    _files_of(given)  # a wrong file fails here, not in the log of a child process
    peppers_of(given)
    given.gate_desk_key()
    logs.configure(given.log_level)
    return supervise(partial(_work, given), FlightRecorder(given.data_dir))


def _files_of(given: Settings) -> tuple[Keyring, dict[str, ForeignWebhook | CoopActions]]:
    """The keys in force and the webhooks. Raises `SettingsError`."""
    from gate.keys import Keyring, UnusableKeys
    from gate.webhooks import webhooks_of
    from streams.clock import SystemClock

    path = keys_file(given)
    if not path.exists():
        raise SettingsError({KEYS: f"{path}: there is no such file; `samehand keys new NAME` makes it"})
    try:
        keyring = Keyring(path, SystemClock().ticks)
    except UnusableKeys as fault:
        raise SettingsError({KEYS: str(fault)}) from None
    if given.gate_webhooks is None:
        return keyring, {}
    mappings = None if given.mappings is None else mappings_of(given)
    return keyring, webhooks_of(given.gate_webhooks, mappings)


def keys_file(given: Settings) -> Path:
    """Where the keys are. Raises `SettingsError`."""
    if given.gate_keys is None:
        raise SettingsError(
            {KEYS: "is not set: it must name the file of API keys that `samehand keys new` creates"}
        )
    return given.gate_keys


def _adopted(given: Settings) -> StartFault | None:
    """Returns the fault of adopted weights that are in no file; None without Kafka, which no gate needs."""
    with suppress(BrokerUnavailable):
        return former_weights_fault(given)
    return None


def _work(given: Settings, birth: Birth) -> int:
    from prometheus_client import ProcessCollector

    from agents.common.queries.preview import Preview
    from agents.runtime.start_checks import store_fault
    from agents.runtime.worker import context_of
    from gate.appeals import desk_relay
    from gate.process import Process
    from streams.clock import SystemClock
    from streams.faust_app.process import cannot_start
    from streams.faust_app.start_checks import address_fault

    keyring, webhooks = _files_of(given)
    peppers = peppers_of(given)
    wrong = (
        address_fault(given.web_host, given.web_port)
        or address_fault(given.gate_host, given.gate_port, "GATE")
        or _adopted(given)
        or asyncio.run(store_fault(given, peppers, read_only=True))
    )
    if wrong is not None:
        return cannot_start(wrong)
    context = context_of(given, peppers, read_only=True)
    context.metrics.restarted(birth.restarts)
    ProcessCollector(registry=context.metrics.registry)
    process = Process(
        settings=given,
        preview=Preview(context),
        store=context.store,
        metrics=context.metrics,
        keyring=keyring,
        webhooks=webhooks,
        clock=SystemClock(),
        birth=birth,
        desk=desk_relay(given, SystemClock().now),
    )
    return process.run()
