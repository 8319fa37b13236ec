"""The Helm chart: Kubernetes accepts what it renders, and what is dangerous cannot be said."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # PyYAML ships no types

from streams.health import Health
from streams.settings import load, unknown_names
from streams.topics import names
from tests.house import project
from tests.ops.chart import ALL, CHART, LEAST, MISSING, helm, only, rendered
from tests.ops.deployed import DASHBOARDS, RULES

pytestmark = pytest.mark.ops

VALUES = [pytest.param(LEAST, id="least"), pytest.param(ALL, id="all")]
#: Kinds of operators that must be installed; Kubernetes has no schema of theirs.
OF_OPERATORS = {"ScaledObject", "TriggerAuthentication", "ServiceMonitor", "PrometheusRule"}


def changed(values: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Values with another one somewhere."""
    result = copy.deepcopy(values)
    *parents, last = path.split(".")
    place = result
    for parent in parents:
        place = place.setdefault(parent, {})
    place[last] = value
    return result


def container(values: dict[str, Any]) -> dict[str, Any]:
    """The worker's container."""
    pod = only("Deployment", rendered(values))["spec"]["template"]["spec"]
    (worker,) = pod["containers"]
    found: dict[str, Any] = worker
    return found


def environment(values: dict[str, Any]) -> dict[str, str]:
    """The worker's settings."""
    return {one["name"]: one["value"] for one in container(values)["env"]}


@pytest.mark.parametrize("values", VALUES)
def test_helm_has_nothing_to_complain_of(values: dict[str, Any]) -> None:
    found = helm().lint(str(CHART), values, strict=True)
    assert found["errors"] == []
    assert [it for it in found["messages"] if it["severity"] >= 2] == []


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("version", ["1.29.1", "1.37.0"])
def test_kubernetes_accepts_every_object_to_the_letter(values: dict[str, Any], version: str) -> None:
    kubernetes: Any = pytest.importorskip("kubernetes_validate", reason=MISSING)
    objects = [one for one in rendered(values) if one["kind"] not in OF_OPERATORS]
    assert {"Deployment", "Service", "ServiceAccount", "PodDisruptionBudget", "NetworkPolicy"} <= {
        one["kind"] for one in objects
    }
    for one in objects:
        kubernetes.validate(one, version, strict=True)


def test_it_is_told_when_an_object_has_a_field_that_kubernetes_does_not_know() -> None:
    kubernetes: Any = pytest.importorskip("kubernetes_validate", reason=MISSING)
    deployment = only("Deployment", rendered(LEAST))
    deployment["spec"]["replica"] = 2
    with pytest.raises(kubernetes.ValidationError):
        kubernetes.validate(deployment, "1.37.0", strict=True)


@pytest.mark.parametrize("values", VALUES)
def test_a_worker_can_do_little_to_its_node(values: dict[str, Any]) -> None:
    pod = only("Deployment", rendered(values))["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    own = container(values)["securityContext"]
    assert own["readOnlyRootFilesystem"] is True
    assert own["allowPrivilegeEscalation"] is False
    assert own["capabilities"] == {"drop": ["ALL"]}
    assert container(values)["resources"]["limits"]["memory"]


@pytest.mark.parametrize("values", VALUES)
def test_its_settings_are_ones_that_a_worker_reads(values: dict[str, Any]) -> None:
    given = environment(values)
    assert unknown_names(given) == {}
    # Secrets are mounted where a pod runs; here any file stands for them.
    settings = load({name: __file__ if name.endswith("_FILE") else value for name, value in given.items()})
    assert list(settings.kafka_brokers) == values["kafka"]["brokers"]
    assert settings.redis_url == values["redis"]["url"]
    assert settings.store_bans == 1_000_000


def test_an_operators_setting_wins() -> None:
    assert environment(ALL)["SAMEHAND_STOP_SECONDS"] == "15"
    assert environment(ALL)["SAMEHAND_SHADOW"] == "true"


@pytest.mark.parametrize("values", VALUES)
def test_secrets_are_named_and_mounted_and_stand_in_no_environment(values: dict[str, Any]) -> None:
    objects = rendered(values)
    pod = only("Deployment", objects)["spec"]["template"]["spec"]
    mounts = {it["mountPath"]: it["name"] for it in container(values)["volumeMounts"]}
    secret = {it["name"]: it["secret"] for it in pod["volumes"] if "secret" in it}
    files = {key: value for key, value in environment(values).items() if key.endswith("_FILE")}
    assert {"SAMEHAND_PEPPER_FILE", "SAMEHAND_REDIS_PASSWORD_FILE"} <= set(files)
    for path in map(Path, files.values()):
        of = secret[mounts[str(path.parent)]]
        assert path.name in [it["path"] for it in of.get("items", [])] or "items" not in of
        assert of["defaultMode"] == 0o440
    for one in objects:
        if one["kind"] == "Secret":
            assert set(one["stringData"]) == {"sasl", "username", "tls"}


@pytest.mark.parametrize("values", VALUES)
def test_probes_ask_for_progress_and_an_outage_restarts_nothing(values: dict[str, Any]) -> None:
    worker = container(values)
    assert worker["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert worker["startupProbe"]["httpGet"]["path"] == "/health/live"
    assert worker["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert {"live", "ready"} <= set(dir(Health))


@pytest.mark.parametrize("values", VALUES)
def test_a_pod_is_given_time_to_stop(values: dict[str, Any]) -> None:
    pod = only("Deployment", rendered(values))["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > float(environment(values)["SAMEHAND_STOP_SECONDS"])


def test_no_release_has_more_workers_than_partitions_not_even_for_a_moment() -> None:
    update = only("Deployment", rendered(LEAST))["spec"]["strategy"]["rollingUpdate"]
    assert update == {"maxSurge": 0, "maxUnavailable": 1}
    for values in (changed(LEAST, "replicas", 9), changed(ALL, "autoscaling.maxReplicas", 9)):
        with pytest.raises(helm().HelmError, match=r"kafka\.partitions"):
            rendered(values)
    assert only("ScaledObject", rendered(ALL))["spec"]["maxReplicaCount"] == 8
    assert "replicas" not in only("Deployment", rendered(ALL))["spec"]


def test_it_scales_on_the_lag_of_our_group_and_leaves_slowly() -> None:
    spec = only("ScaledObject", rendered(ALL))["spec"]
    called = names(load({"SAMEHAND_TOPIC_PREFIX": "eu."}))
    triggers = {it["metadata"]["topic"]: it for it in spec["triggers"]}
    assert set(triggers) == {called.created, called.updated, called.banned}
    assert {it["metadata"]["consumerGroup"] for it in spec["triggers"]} == {"samehand"}
    assert {it["authenticationRef"]["name"] for it in spec["triggers"]} == {"eu-samehand"}
    down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    assert down == {
        "stabilizationWindowSeconds": 1800,
        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 600}],
    }


def test_it_speaks_to_kafka_redis_and_names_alone() -> None:
    spec = only("NetworkPolicy", rendered(ALL))["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert [[port["port"] for port in rule["ports"]] for rule in spec["egress"]] == [[53, 53], [9093], [6379]]
    assert spec["egress"][1]["to"] == ALL["networkPolicy"]["kafka"]["to"]
    (inward,) = spec["ingress"]
    assert inward["from"] == ALL["networkPolicy"]["scrapedFrom"]


def test_it_speaks_to_a_collector_of_traces_where_there_is_one() -> None:
    settings = {"settings": {"SAMEHAND_TRACES_URL": "http://collector:4318/v1/traces"}}
    rules = only("NetworkPolicy", rendered({**LEAST, **settings}))["spec"]["egress"]
    assert [[port["port"] for port in rule["ports"]] for rule in rules[1:]] == [[9092], [6379], [4318]]


def test_what_watches_it_is_what_is_checked_in() -> None:
    objects = rendered(ALL)
    assert only("PrometheusRule", objects)["spec"] == yaml.safe_load(RULES.read_text("utf-8"))
    boards = {
        name: json.loads(text)
        for one in objects
        if one["kind"] == "ConfigMap"
        for name, text in one["data"].items()
    }
    assert boards == {path.name: json.loads(path.read_text("utf-8")) for path in DASHBOARDS}
    monitor = only("ServiceMonitor", objects)
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    service = only("Service", objects)
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    # Rules and dashboards ask for the job `samehand`.
    assert service["metadata"]["labels"][monitor["spec"]["jobLabel"]] == "samehand"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("kafka.brokers", []),
        ("kafka.brokers", ["kafka"]),
        ("kafka.partitons", 4),
        ("kafka.tls.mutual", True),
        ("kafka.sasl.mechanism", "GSSAPI"),
        ("kafka.sasl.mechanism", "PLAIN"),
        ("redis.url", "redis://user:secret@redis:6379"),
        ("redis.secretName", ""),
        ("pepper.secretName", ""),
        ("settings", {"SAMEHAND_REDIS_PASSWORD": "secret"}),
        ("settings", {"PATH": "/"}),
        ("image.digest", "latest"),
        ("autoscaling.scaleDownStabilizationSeconds", 5),
    ],
)
def test_a_wrong_value_is_refused(path: str, value: object) -> None:
    with pytest.raises(helm().HelmError):
        rendered(changed(LEAST, path, value))


def test_the_chart_is_of_this_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    assert chart["appVersion"] == project()["project"]["version"]
