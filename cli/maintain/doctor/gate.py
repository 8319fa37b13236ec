"""What ``doctor`` sees of a gate: its callers' keys, its addresses, and whether it may read and publish."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from agents.common.queries.preview import Preview
from agents.runtime.former_weights import former_weights_fault
from agents.runtime.start_checks import mismatched
from agents.runtime.store_factory import endpoint_of
from agents.runtime.worker import context_of
from cli.maintain.doctor.findings import DoctorFinding, fine, look, of_settings, of_start, warning, wrong
from cli.maintain.doctor.kafka import look_at_topics
from cli.maintain.doctor.redis import NO_STORE, of_outage
from cli.maintain.doctor.settings import answer_at, taken
from gate.keys import UnusableKeys, read_keys
from gate.webhooks import webhooks_of
from report.text import plural
from schemas.accounts import AccountCreated
from schemas.examples import CREATED
from schemas.wire import Decoded
from store.common.key_digests import Addresses
from store.errors import StoreEmptied, StoreMismatch, StoreUnavailable
from store.pepper.pepper import Peppers
from store.redis.layout import Layout, Sizes
from store.redis.server_info import Inspection
from streams.errors import BrokerUnavailable, SettingsError, Transient
from streams.faust_app.start_checks import address_fault
from streams.kafka import topics
from streams.kafka.mapped_topics import mappings_of
from streams.settings import Settings

_KEYS: Final = "SAMEHAND_GATE_KEYS"
_ANSWER_BYTES: Final = 64  # enough to know our own document by its beginning
_OPENAPI: Final = b'"openapi"'


@look("docs/gate.md shows the file")
def look_at_keys(settings: Settings) -> Iterator[DoctorFinding]:
    """Checks whether anybody may call, and whether webhooks could be checked."""
    path = settings.gate_keys
    if path is None:
        words = "is not set: it must name the file of API keys that `samehand keys new` creates"
        yield wrong(_KEYS, words, "set it")
        return
    try:
        if not path.exists():
            yield wrong(_KEYS, f"{path}: there is no such file", "`samehand keys new NAME` makes it")
            return
        keys = read_keys(path)
    except (UnusableKeys, OSError) as fault:
        why = str(fault) if isinstance(fault, UnusableKeys) else f"{path}: {fault.strerror}"
        yield wrong(_KEYS, why, "make it readable for the user that gates run as, or create another")
        return
    if keys:
        yield fine("keys", f"{plural(len(keys), 'key')} in force")
    else:
        yield warning("keys", "the file holds no key: every call is refused", "samehand keys new NAME")
    if too_wide := [key for key in keys if key.warning]:
        first = too_wide[0]
        cure = "`samehand keys list` names them; make narrower ones (--may events:created@app), revoke these"
        words = f"{plural(len(too_wide), 'key')} too wide, {first.name!r} first: {first.warning}"
        yield warning("rights", words, cure)
    try:
        settings.gate_desk_key()
    except SettingsError as fault:
        yield from of_settings(fault, "docs/gate.md, appeals")
    if any(key.has("appeals") for key in keys) and not settings.gate_desk_url:
        words = "a key may send appeals, and the gate names no desk: each is refused"
        yield warning("appeals", words, "set SAMEHAND_GATE_DESK_URL (docs/gate.md, appeals)")
    if settings.gate_webhooks is not None:
        mappings = None if settings.mappings is None else mappings_of(settings)
        webhooks = webhooks_of(settings.gate_webhooks, mappings)
        yield fine("webhooks", f"{plural(len(webhooks), 'kind')}, each signed")


def look_at_calls(settings: Settings) -> list[DoctorFinding]:
    """Checks whether the callers' address could be taken. A gate that answers there is running already."""
    host, port = settings.gate_host, settings.gate_port
    fault = address_fault(host, port, "GATE")
    if fault is None:
        return []
    if _OPENAPI in answer_at(host, port, "/openapi.json")[:_ANSWER_BYTES]:
        return [taken("gate address", "gate", host, port, "SAMEHAND_GATE_PORT")]
    return [of_start(fault)]


def look_at_publishing(settings: Settings) -> list[DoctorFinding]:
    """Checks whether a broker takes us and would take what a gate publishes; nothing is written."""
    findings = look_at_topics(settings, topics.wanted_by_gate(settings), "may write events and verdicts")
    with suppress(BrokerUnavailable):  # the findings say so
        if (fault := former_weights_fault(settings)) is not None:
            findings.append(of_start(fault))
    return findings


async def look_at_reading(settings: Settings, peppers: Peppers | None) -> list[DoctorFinding]:
    """Checks whether Redis lets us read all that a call asks: one is answered, on an account of our own
    making.
    """
    if peppers is None:
        return [warning("store", "not checked: this needs the pepper file")]
    try:
        context = context_of(settings, peppers, read_only=True)
    except SettingsError as fault:
        return of_settings(fault)
    try:
        await context.store.open()
        preview = Preview(context)
        account: Decoded[AccountCreated] = Decoded(CREATED)
        began = context.ticks()
        await preview.foresee(account)
        await preview.alert("doctor")
        took_ms = (context.ticks() - began) * 1000
        findings = [fine("store", f"readable; a sign-up was looked up in {max(1, round(took_ms)):,} ms")]
        return findings if await _begun(settings, peppers) else [*findings, NO_STORE]
    except StoreMismatch as mismatch:
        return [of_start(mismatched(mismatch))]
    except StoreEmptied as emptied:
        return [wrong("store", str(emptied), "samehand rebuild")]
    except StoreUnavailable as outage:
        return [of_outage(outage, settings, read_only=True)]
    except Transient as outage:
        if isinstance(outage.__cause__, StoreUnavailable):
            return [of_outage(outage.__cause__, settings, read_only=True)]
        return [wrong("store", str(outage), "samehand rebuild")]
    finally:
        await context.store.close()


async def _begun(settings: Settings, peppers: Peppers) -> bool:
    """Returns whether there is a store: in an empty Redis, or under another prefix, nobody is found."""
    inspection = Inspection(endpoint_of(settings))
    try:
        return await inspection.exists(
            Layout(Sizes(), Addresses(peppers.identity), settings.store_prefix).meta
        )
    finally:
        await inspection.close()
