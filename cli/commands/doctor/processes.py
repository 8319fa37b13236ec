"""What ``doctor`` sees of a desk, a deliver process and a bridge: what each checks when it starts."""

from __future__ import annotations

import os
import time
from typing import Final

from agents.runtime import bridge
from cli.commands.doctor.events import look_at_mapped
from cli.commands.doctor.findings import DoctorFinding, fine, of_settings, of_start, warning, wrong
from cli.commands.doctor.kafka import look_at_topics
from cli.commands.doctor.settings import answer_at, look_at_address, look_at_folder, taken
from cli.run_async import awaited
from deliver.endpoints import endpoints_of
from deliver.process import topics_of
from report.text import plural
from schemas.mapping.compiler import Mappings
from streams.errors import SettingsError
from streams.faust_app.start_checks import desk_address_fault
from streams.kafka import topics
from streams.kafka.mapped_topics import mappings_of
from streams.settings import Settings

_DATABASE: Final = "SAMEHAND_DATABASE_URL"
_SIGN_IN: Final = b"samehand"


def look_at_desk(settings: Settings) -> list[DoctorFinding]:
    """Its database, its addresses, what it asks of others, and its topics. The database is not changed."""
    findings = [*look_at_database(settings), *look_at_profiles(settings), *look_at_gate(settings)]
    try:
        settings.desk_appeals_secret()
    except SettingsError as refused:
        findings += of_settings(refused, "docs/gate.md, appeals")
    if (fault := desk_address_fault(settings)) is not None:
        host, port = settings.desk_host, settings.desk_port
        runs = _SIGN_IN in answer_at(host, port, "/sign-in")
        findings.append(
            taken("desk address", "desk", host, port, "SAMEHAND_DESK_PORT") if runs else of_start(fault)
        )
    words = "may read alerts and verdicts, and write verdicts, quarantines and the audit's heads"
    return [
        *findings,
        *look_at_address(settings, "desk"),
        *look_at_topics(settings, topics.wanted_by_desk(settings), words, _cures("desk"), "desk"),
    ]


def look_at_database(settings: Settings) -> list[DoctorFinding]:
    """Whether the database answers, and whether its tables are of this release."""
    from desk.database.engine import look_at_tables  # the desk's extra
    from desk.database.errors import DatabaseError

    url = settings.database_url.get_secret_value()
    try:
        there, wanted = awaited(look_at_tables(url, password=settings.database_secret()))
    except SettingsError as fault:
        return of_settings(fault)
    except DatabaseError as fault:
        return [wrong("database", str(fault).removeprefix(f"{_DATABASE}: "), f"correct {_DATABASE}")]
    if there is None:
        return [fine("database", "no tables yet: a desk that starts creates them")]
    if there != wanted:
        cure = "stop every desk and copy the database first (`samehand desk backup FILE`, `pg_dump`)"
        words = f"its tables are at {there}: a desk that starts upgrades them to {wanted}, and never back"
        return [warning("database", words, cure)]
    return [fine("database", f"its tables are at {there}")]


def look_at_profiles(settings: Settings) -> list[DoctorFinding]:
    """Whether the secret of the profile source, if there is one, can be read. Asks it nothing."""
    from desk.profiles.source import profile_source  # the desk's extra

    try:
        source = profile_source(settings, time.time)
    except SettingsError as fault:
        return of_settings(fault, "docs/desk.md, live profiles")
    return [] if source is None else [fine("profiles", "asked of the platform when a page is opened")]


def look_at_gate(settings: Settings) -> list[DoctorFinding]:
    """Whether the key for the gate that leads ask, if there is one, can be read. Asks it nothing."""
    from desk.related import gate_client  # the desk's extra

    try:
        client = gate_client(settings)
    except SettingsError as fault:
        return of_settings(fault, "docs/desk.md, who is like it")
    return [] if client is None else [fine("gate", "asked by leads who is like an account")]


def look_at_deliver(settings: Settings) -> list[DoctorFinding]:
    """The endpoints with their secrets, its address and its topics. Nothing is sent."""
    try:
        endpoints = endpoints_of(settings, os.environ)
        findings = [fine("endpoints", plural(len(endpoints), "endpoint"))]
    except SettingsError as fault:
        endpoints = ()
        findings = of_settings(fault, "docs/deliver.md shows the file")
    words = "may read alerts, and write dead letters"
    return [
        *findings,
        *look_at_folder(settings),
        *look_at_address(settings, "deliver"),
        *look_at_topics(
            settings, topics_of(settings, endpoints), words, _cures("deliver"), "deliver process"
        ),
    ]


def look_at_bridge(settings: Settings) -> list[DoctorFinding]:
    """The mappings, its address, and the topics on both sides."""
    try:
        mappings = mappings_of(settings)
        findings = [fine("mappings", plural(len(mappings.topics), "topic"))]
    except SettingsError as fault:
        mappings = Mappings({})
        cure = "`samehand map` says what the file makes of a sample"
        findings = of_settings(fault, cure)
    words = "may read the mapped topics, and write events"
    wanted = bridge.topics_of(settings, mappings)
    about_topics = look_at_topics(settings, wanted, words, _cures("bridge"), "bridge")
    reachable = not any(finding.state == "wrong" and finding.about == "Kafka" for finding in about_topics)
    return [
        *findings,
        *look_at_folder(settings),
        *look_at_address(settings, "bridge"),
        *about_topics,
        *(look_at_mapped(settings, mappings) if reachable else ()),
    ]


def _cures(process: str) -> dict[str, str]:
    return {"forbidden": f"deploy/kafka/acls.sh --{process} PRINCIPAL allows a {process} what it needs"}
