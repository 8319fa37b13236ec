"""deploy/kafka/acls.sh as it prints its commands: what a gate may."""

from __future__ import annotations

import subprocess
from itertools import pairwise

from streams.kafka import topics
from tests.house import ROOT

SCRIPT = ROOT / "deploy" / "kafka" / "acls.sh"


def printed(*options: str) -> list[list[str]]:
    """The words of each command."""
    done = subprocess.run([SCRIPT, *options], check=True, capture_output=True, text=True)
    return [line.split() for line in done.stdout.splitlines()]


def after(words: list[str], option: str) -> list[str]:
    """Every value of an option."""
    return [value for name, value in pairwise(words) if name == option]


def test_a_gate_publishes_events_and_verdicts_reads_decisions_and_may_do_nothing_else() -> None:
    names = topics.Names("eu.")
    lines = [it for it in printed("--prefix", "eu.", "--gate", "User:edge") if "User:edge" in it]
    writes, describes = lines
    operations = [after(line, "--operation") for line in lines]
    assert operations == [["Write"], ["DescribeConfigs"]]
    assert sorted(after(writes, "--topic")) == sorted(
        [*names.events, names.actioned, names.verdicts, names.gate_audit]
    )
    assert after(describes, "--topic") == [names.gate_audit]
    assert not any(after(words, "--group") for words in lines)


def test_an_empty_name_leaves_the_gate_out() -> None:
    assert any("User:gate" in words for words in printed())
    assert not any("User:gate" in words for words in printed("--gate", ""))


def test_before_kafka_3_a_gate_may_use_an_idempotent_producer() -> None:
    operations = [
        op for it in printed("--before-kafka-3") if "User:gate" in it for op in after(it, "--operation")
    ]
    assert operations == ["Write", "DescribeConfigs", "IdempotentWrite"]
