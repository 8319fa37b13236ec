"""What ``doctor`` sees of a desk, a deliver process and a bridge: what each checks when it starts."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from typing import Final

from agents.runtime import bridge
from cli.maintain.doctor.events import look_at_mapped
from cli.maintain.doctor.findings import (
    DoctorFinding,
    fine,
    is_wrong,
    look,
    of_settings,
    of_start,
    warning,
    wrong,
)
from cli.maintain.doctor.kafka import look_at_topics
from cli.maintain.doctor.settings import answer_at, look_at_address, look_at_folder, taken
from cli.running import awaited
from deliver.endpoints import Endpoint, endpoints_of
from deliver.process import topics_of
from desk.settings import DeskSettings
from report.text import plural
from schemas.mapping.compiler import Mappings
from streams.errors import SettingsError
from streams.faust_app.start_checks import address_fault
from streams.kafka import topics
from streams.kafka.mapped_topics import mappings_of
from streams.settings import Settings

_DATABASE: Final = "SAMEHAND_DATABASE_URL"
_SIGN_IN: Final = b"samehand"


@look()
def look_at_desk(settings: DeskSettings) -> Iterator[DoctorFinding]:
    """Its database, its addresses, what it asks of others, and its topics. The database is not changed."""
    yield from look_at_database(settings)
    yield from look_at_profiles(settings)
    yield from look_at_gate(settings)
    yield from _look_at_secret(settings)
    host, port = settings.desk_host, settings.desk_port
    if (fault := address_fault(host, port, "DESK")) is not None:
        runs = _SIGN_IN in answer_at(host, port, "/sign-in")
        yield taken("desk address", "desk", host, port, "SAMEHAND_DESK_PORT") if runs else of_start(fault)
    yield from look_at_address(settings, "desk")
    words = "may read alerts and verdicts, and write verdicts and audit hashes"
    wanted = topics.wanted_by_desk(settings, appeals=settings.desk_appeals_secret_file is not None)
    yield from look_at_topics(settings, wanted, words)


@look("docs/gate.md, appeals")
def _look_at_secret(settings: DeskSettings) -> tuple[DoctorFinding, ...]:
    settings.desk_appeals_secret()
    return ()


@look()
def look_at_database(settings: DeskSettings) -> Iterator[DoctorFinding]:
    """Checks whether the database answers, and whether its tables are of this release."""
    from desk.database.engine import look_at_tables  # the desk's extra
    from desk.database.errors import DatabaseError

    url = settings.database_url.get_secret_value()
    try:
        there, wanted = awaited(look_at_tables(url, password=settings.database_secret()))
    except DatabaseError as fault:
        yield wrong("database", str(fault).removeprefix(f"{_DATABASE}: "), f"correct {_DATABASE}")
        return
    if there is None:
        yield fine("database", "no tables yet: a desk that starts creates them")
    elif there != wanted:
        cure = "stop every desk and copy the database first (docs/desk.md, backup)"
        words = f"its tables are at {there}: a desk that starts upgrades them to {wanted}, and never back"
        yield warning("database", words, cure)
    else:
        yield fine("database", f"its tables are at {there}")


@look("docs/desk.md, live profiles")
def look_at_profiles(settings: DeskSettings) -> Iterator[DoctorFinding]:
    """Checks whether the secret of the profile source, if there is one, can be read. Asks it nothing."""
    from desk.profiles.source import profile_source  # the desk's extra

    if profile_source(settings, time.time) is not None:
        yield fine("profiles", "asked of the platform when a page is opened")


@look("docs/desk.md, who is like it")
def look_at_gate(settings: DeskSettings) -> Iterator[DoctorFinding]:
    """Checks whether the key for the gate that leads ask, if there is one, can be read. Asks it nothing."""
    from desk.related import gate_client  # the desk's extra

    if gate_client(settings) is not None:
        yield fine("gate", "asked by leads who is like an account")


@look()
def look_at_deliver(settings: Settings) -> Iterator[DoctorFinding]:
    """The endpoints with their secrets, its address and its topics. Nothing is sent."""
    endpoints: Sequence[Endpoint] = ()
    try:
        endpoints = endpoints_of(settings, os.environ)
        yield fine("endpoints", plural(len(endpoints), "endpoint"))
    except SettingsError as fault:
        yield from of_settings(fault, "docs/deliver.md shows the file")
    yield from look_at_folder(settings)
    yield from look_at_address(settings, "deliver")
    words, wanted = "may read alerts, and write dead letters", topics_of(settings, endpoints)
    yield from look_at_topics(settings, wanted, words)


@look()
def look_at_bridge(settings: Settings) -> Iterator[DoctorFinding]:
    """The mappings, its address, and the topics on both sides."""
    mappings = Mappings({})
    try:
        mappings = mappings_of(settings)
        yield fine("mappings", plural(len(mappings.topics), "topic"))
    except SettingsError as fault:
        yield from of_settings(fault, "`samehand map` says what the file makes of a sample")
    yield from look_at_folder(settings)
    yield from look_at_address(settings, "bridge")
    words, wanted = "may read the mapped topics, and write events", bridge.topics_of(settings, mappings)
    about_topics = look_at_topics(settings, wanted, words)
    yield from about_topics
    if not is_wrong(about_topics, "Kafka"):
        yield from look_at_mapped(settings, mappings)
