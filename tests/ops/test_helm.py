"""The Helm chart: Kubernetes accepts what it renders, and what is dangerous cannot be said."""

from __future__ import annotations

import copy
import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # PyYAML ships no types

from cli import main, registry
from deliver.endpoints import read_endpoints
from desk.database.engine import address
from desk.settings import DeskSettings, load
from gate.keys import new_key
from gate.webhooks import webhooks_of
from local.ports import take_port
from schemas.mapping.compiler import compile_mappings
from store.pepper.pepper import write_pepper_file
from streams.faust_app.app import CONFIRM_SECONDS
from streams.faust_app.start_checks import BROKER_SECONDS
from streams.kafka import topics
from streams.kafka.client import ANSWER_MS
from streams.kafka.topics import names
from streams.settings import unknown_names
from streams.telemetry.health import Health
from tests.deliver.receiver import SECRET_TEXT
from tests.house import ROOT, project
from tests.ops.chart import ALL, CHART, LEAST, MISSING, files, helm, only, rendered
from tests.ops.deployed import DASHBOARDS, RULES, RUNBOOKS_AT
from tests.patience import patient

pytestmark = pytest.mark.ops

VALUES = [pytest.param(LEAST, id="least"), pytest.param(ALL, id="all")]
A_LIST = {
    "name": "ofac",
    "files": ["SDN.CSV"],
    "volume": {"configMap": {"name": "lists"}},
    "state": {"persistentVolumeClaim": {"claimName": "lists-state"}},
}
#: Of Kafka before HTTP is served, each with the client's deadline: connecting five times (what is known of
#: the store, topics, their ids, what stands still, the group), and what is asked then.
START_QUESTIONS = 20
PYTHON_SECONDS = 20.0
#: Kinds of operators that must be installed; Kubernetes has no schema of theirs.
OF_OPERATORS = {"ScaledObject", "TriggerAuthentication", "ServiceMonitor", "PodMonitor", "PrometheusRule"}


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
    return container_of(only("Deployment", rendered(values))["spec"]["template"])


def container_of(template: dict[str, Any]) -> dict[str, Any]:
    """The only container of a pod's template."""
    (found,) = template["spec"]["containers"]
    made: dict[str, Any] = found
    return made


def templates(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every pod's template, by the name of what starts it."""
    found = {}
    for one in rendered(values):
        if one["kind"] in ("Deployment", "Job"):
            found[one["metadata"]["name"]] = one["spec"]["template"]
        elif one["kind"] == "CronJob":
            found[one["metadata"]["name"]] = one["spec"]["jobTemplate"]["spec"]["template"]
    return found


def specs(kind: str, objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What is said of every object of a kind, by its name."""
    return {one["metadata"]["name"]: one["spec"] for one in objects if one["kind"] == kind}


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


@pytest.mark.parametrize("values", VALUES)
def test_no_pod_can_do_much_to_its_node(values: dict[str, Any]) -> None:
    for template in templates(values).values():
        pod, container = template["spec"], container_of(template)
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        own = container["securityContext"]
        assert own["readOnlyRootFilesystem"] is True
        assert own["allowPrivilegeEscalation"] is False
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("values", VALUES)
def test_its_settings_are_ones_that_a_worker_reads(values: dict[str, Any]) -> None:
    given = environment(values)
    assert unknown_names(given, DeskSettings) == {}
    settings = loaded(given)
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


def test_a_start_is_given_more_time_than_the_worst_one_takes() -> None:
    """Every answer of Kafka comes just before its deadline; then Python, on a busy node."""
    probe = container(LEAST)["startupProbe"]
    worst = BROKER_SECONDS + START_QUESTIONS * ANSWER_MS / 1000 + CONFIRM_SECONDS + PYTHON_SECONDS
    assert probe["periodSeconds"] * probe["failureThreshold"] > worst


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


OAUTH: dict[str, Any] = {
    "mechanism": "OAUTHBEARER",
    "username": "samehand",
    "secretName": "kafka",
    "oauth": {
        "caSecretName": "token-ca",
        "tokenUrl": "https://id.example/token",
        "clientSecretKey": "secret",
    },
}


def test_every_process_fetches_access_tokens_and_so_does_what_scales_them() -> None:
    values = {
        **changed(ALL, "kafka.sasl", OAUTH),
        "desk": DESK,
        "gate": {"enabled": True, "secretName": "gate"},
    }
    values |= {"deliver": DELIVERED["deliver"], "bridge": BRIDGED["bridge"]}
    found = templates(values)
    assert len(found) == 8
    for name, template in found.items():
        held = {it["name"]: it.get("value") for it in container_of(template)["env"]}
        assert held["SAMEHAND_KAFKA_SASL_MECHANISM"] == "OAUTHBEARER", name
        mounted = {it["mountPath"]: it["name"] for it in container_of(template)["volumeMounts"]}
        volumes = {it["name"]: it for it in template["spec"]["volumes"]}
        for folder, secret, file in (("kafka", "kafka", "password"), ("token-ca", "token-ca", "ca.crt")):
            of = volumes[mounted[f"/run/secrets/samehand/{folder}"]]["secret"]
            assert (of["secretName"], of["items"][0]["path"]) == (secret, file), name
    objects = rendered(values)
    assert {"port": 443, "protocol": "TCP"} in [
        port for rule in specs("NetworkPolicy", objects)["eu-samehand"]["egress"] for port in rule["ports"]
    ]
    given = only("Secret", objects)["stringData"]
    assert (given["sasl"], given["oauthTokenEndpointUri"]) == ("oauthbearer", "https://id.example/token")
    asked = specs("TriggerAuthentication", objects)["eu-samehand"]["secretTargetRef"]
    assert {it["parameter"]: it["key"] for it in asked if it["name"] == "kafka"} == {"password": "secret"}
    assert {it["key"] for it in asked if it["name"] == "eu-samehand-scaler"} == given.keys()
    with pytest.raises(helm().HelmError, match="KEDA fetches tokens of its own"):
        rendered(changed(values, "kafka.sasl.oauth.tokenUrl", ""))


def test_lag_under_tls_alone_is_read_without_a_login_of_nobody() -> None:
    values = {**ALL, "kafka": {"brokers": ["kafka-1:9093"], "tls": {"enabled": True}}}
    objects = rendered(values)
    assert "TriggerAuthentication" not in {one["kind"] for one in objects}
    for trigger in only("ScaledObject", objects)["spec"]["triggers"]:
        assert trigger["metadata"]["tls"] == "enable"
        assert "authenticationRef" not in trigger


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


def test_nothing_is_rebuilt_or_imported_unasked() -> None:
    assert list(templates(LEAST)) == ["eu-samehand"]


def test_the_store_is_rebuilt_by_a_job_that_is_set_up_as_a_worker_is(
    capfd: pytest.CaptureFixture[str],
) -> None:
    job = only("Job", rendered(ALL))
    assert (
        job["metadata"]["name"] == "eu-samehand-rebuild-1"
    )  # the release's revision: a job cannot be changed
    rebuild, worker = container_of(job["spec"]["template"]), container(ALL)
    assert (rebuild["env"], rebuild["volumeMounts"]) == (worker["env"], worker["volumeMounts"])
    assert rebuild["args"] == ["rebuild", "--json", "--from-start"]
    # Where it noted how far it went outlives a restart of the container, not of the pod.
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "OnFailure"
    assert "SAMEHAND_PEPPER_FILE" in complaint(rebuild["args"], capfd)  # so far it came


def test_rights_of_bases_reach_whoever_alerts_quotes_exports_or_imports() -> None:
    table = "version = 1\n"
    every = {**ALL, "basisRights": table, "desk": DESK, "gate": {"enabled": True, "secretName": "gate"}}
    found = templates(every)
    held = [
        one for one in rendered(every) if one["kind"] == "ConfigMap" and "basis-rights.toml" in one["data"]
    ]
    assert [one["data"] for one in held] == [{"basis-rights.toml": table}]
    for name, template in found.items():
        volumes = {it["name"]: it for it in template["spec"]["volumes"]}
        assert volumes["basis-rights"]["configMap"]["name"] == held[0]["metadata"]["name"], name
        given = {it["name"]: it.get("value") for it in container_of(template)["env"]}
        assert given["SAMEHAND_BASIS_RIGHTS"] == "/etc/samehand/basis/basis-rights.toml", name
    assert {"eu-samehand", "eu-samehand-desk", "eu-samehand-gate", "eu-samehand-list-ofac"} <= found.keys()


def test_a_list_is_imported_from_the_volume_that_was_named_and_knows_no_secret_but_kafkas(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    jobs = specs("CronJob", rendered(ALL))
    assert {name: it["schedule"] for name, it in jobs.items()} == {
        "eu-samehand-list-ofac": "17 4 * * 1",
        "eu-samehand-list-national": "5 3 * * *",
    }
    template = jobs["eu-samehand-list-ofac"]["jobTemplate"]["spec"]["template"]
    importing = container_of(template)
    assert importing["args"] == [
        *("watchlist", "import", "/lists/SDN.CSV", "/lists/ALT.CSV", "--programme", "SDGT"),
        *("--state", "/state/ofac.state", "--json"),
    ]
    local = [
        word.replace("/lists", str(tmp_path)).replace("/state", str(tmp_path)) for word in importing["args"]
    ]
    for path in ("SDN.CSV", "ALT.CSV"):
        (tmp_path / path).write_text("1,nobody\n", "utf-8")
    assert "SDN.CSV" in complaint([*local, "--out", str(tmp_path / "out")], capfd)  # so far it came
    volumes = {it["name"]: it for it in template["spec"]["volumes"]}
    assert volumes["lists"]["persistentVolumeClaim"]["claimName"] == "lists"
    assert volumes["state"]["persistentVolumeClaim"]["claimName"] == "lists-state"
    assert {"pepper", "redis"}.isdisjoint(volumes)
    given = {it["name"]: it["value"] for it in importing["env"]}
    assert unknown_names(given, DeskSettings) == {}
    assert not [name for name in given if "REDIS" in name or "PEPPER" in name]
    settings = loaded(given)
    assert names(settings).banned == "eu.accounts.banned"
    assert settings.kafka_sasl_mechanism == "SCRAM-SHA-512"


def loaded(given: dict[str, str]) -> DeskSettings:
    """Settings of which secrets are mounted where a pod runs; here any file stands for them."""
    return load({name: __file__ if name.endswith("_FILE") else value for name, value in given.items()})


def complaint(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> str:
    """What the command line says to a container's arguments where there are no servers and no secrets."""
    main.run(arguments)
    return capfd.readouterr().err


BRIDGED: dict[str, Any] = {
    **LEAST,
    "bridge": {
        "enabled": True,
        "mappings": "[topics.users]\nformat = 'mastodon'\nconstants.platform = 'm'\n",
        "settings": {"SAMEHAND_REGISTRY_URL": "http://registry:8081"},
    },
    "monitoring": {"serviceMonitor": True},
}


def test_a_bridge_reads_its_table_and_knows_neither_redis_nor_the_pepper() -> None:
    objects = rendered(BRIDGED)
    template = templates(BRIDGED)["eu-samehand-bridge"]
    given = {it["name"]: it["value"] for it in container_of(template)["env"]}
    assert unknown_names(given, DeskSettings) == {}
    assert not [name for name in given if "REDIS" in name or "PEPPER" in name]
    assert {"pepper", "redis"}.isdisjoint(it["name"] for it in template["spec"]["volumes"])
    (table,) = (it["data"]["mappings.toml"] for it in objects if it["kind"] == "ConfigMap")
    assert compile_mappings(table.encode(), "mappings.toml").topics.keys() == {"users"}
    mounted = {it["name"]: it["mountPath"] for it in container_of(template)["volumeMounts"]}
    assert given["SAMEHAND_MAPPINGS"] == f"{mounted['mappings']}/mappings.toml"
    load({name: __file__ if name == "SAMEHAND_MAPPINGS" else value for name, value in given.items()})


def test_a_bridge_is_scraped_under_the_job_that_its_rules_ask_for() -> None:
    objects = rendered(BRIDGED)
    (endpoint,) = only("PodMonitor", objects)["spec"]["podMetricsEndpoints"]
    assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": "samehand-bridge"}]
    (bridge,) = (it for name, it in templates(BRIDGED).items() if name.endswith("-bridge"))
    labels = bridge["metadata"]["labels"]
    assert only("PodMonitor", objects)["spec"]["selector"]["matchLabels"].items() <= labels.items()
    # And is no worker: neither scraped as one nor counted for their budget.
    for selector in (
        only("Service", objects)["spec"]["selector"],
        only("PodDisruptionBudget", objects)["spec"]["selector"]["matchLabels"],
    ):
        assert not selector.items() <= labels.items()


DELIVERED: dict[str, Any] = {
    **LEAST,
    "deliver": {
        "enabled": True,
        "endpoints": '[endpoints.desk]\nurl = "https://hooks.example.org"\n'
        'secret_file = "/run/secrets/samehand/endpoints/desk"\n',
        "secretName": "endpoints",
    },
    "monitoring": {"serviceMonitor": True},
}


def test_deliver_reads_its_file_and_knows_neither_redis_nor_the_pepper(tmp_path: Path) -> None:
    template = templates(DELIVERED)["eu-samehand-deliver"]
    given = {it["name"]: it["value"] for it in container_of(template)["env"]}
    assert unknown_names(given, DeskSettings) == {}
    assert not [name for name in given if "REDIS" in name or "PEPPER" in name]
    assert {"pepper", "redis"}.isdisjoint(it["name"] for it in template["spec"]["volumes"])
    mounted = {it["name"]: it["mountPath"] for it in container_of(template)["volumeMounts"]}
    assert given["SAMEHAND_ENDPOINTS"] == f"{mounted['endpoints']}/endpoints.toml"
    objects = rendered(DELIVERED)
    (text,) = (it["data"]["endpoints.toml"] for it in objects if it["kind"] == "ConfigMap")
    (tmp_path / "desk").write_text(SECRET_TEXT)
    (endpoint,) = read_endpoints(text.replace(mounted["endpoint-secrets"], str(tmp_path)), {})
    assert endpoint.secret is not None
    load({name: __file__ if name == "SAMEHAND_ENDPOINTS" else value for name, value in given.items()})


def test_deliver_alone_may_speak_to_webhooks_and_is_scraped_under_its_own_job() -> None:
    objects = rendered(DELIVERED)
    policies = specs("NetworkPolicy", objects)
    assert policies["eu-samehand-deliver"]["egress"] == [{"ports": [{"port": 443, "protocol": "TCP"}]}]
    selected = policies["eu-samehand-deliver"]["podSelector"]["matchLabels"]
    assert selected["app.kubernetes.io/component"] == "deliver"
    labels = templates(DELIVERED)["eu-samehand-deliver"]["metadata"]["labels"]
    assert selected.items() <= labels.items()
    (endpoint,) = only("PodMonitor", objects)["spec"]["podMetricsEndpoints"]
    assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": "samehand-deliver"}]
    assert not only("Service", objects)["spec"]["selector"].items() <= labels.items()


GATE: dict[str, Any] = {
    "enabled": True,
    "secretName": "gate",
    "mappings": "[topics.users]\nformat = 'mastodon'\nconstants.platform = 'm'\n",
    "webhooks": "[users]\nsignature = 'standard-webhooks'\n"
    "secret_file = '/run/secrets/samehand/gate/users'\n",
    "redis": {"secretName": "redis-gate"},
    "settings": {"SAMEHAND_GATE_DEADLINE_MS": "80"},
}
GATED: dict[str, Any] = {**LEAST, "gate": GATE, "monitoring": {"serviceMonitor": True}}
DESK: dict[str, Any] = {"enabled": True, "url": "https://desk.example.org"}
DESKED: dict[str, Any] = {**LEAST, "desk": DESK, "monitoring": {"serviceMonitor": True}}
POSTGRES: dict[str, Any] = {
    **DESKED,
    "desk": {
        **DESK,
        "replicas": 3,
        "database": {"url": "postgresql://desk@db/samehand", "secretName": "database"},
        "settings": {"SAMEHAND_DESK_BLIND_SHARE": "0.3"},
    },
}
PROVIDER = {"issuer": "https://id.example.org", "clientId": "desk", "roles": {"leads": "lead"}}
SINGLE_SIGN_ON: dict[str, Any] = {
    **DESKED,
    "desk": {
        **DESK,
        "oidc": {
            "issuer": "https://id.example.org:8443/realms/staff",
            "clientId": "samehand-desk",
            "secretName": "provider",
            "caSecretName": "provider-ca",
            "roles": {"desk-leads": "lead", "desk-moderators": "moderator"},
            "rolesClaim": "realm_access.roles",
            "scopes": "openid groups",
        },
    },
    "networkPolicy": {"oidc": {"ports": [8443], "to": [{"ipBlock": {"cidr": "192.0.2.7/32"}}]}},
}
PROFILED: dict[str, Any] = {
    **DESKED,
    "desk": {
        **DESK,
        "profiles": {
            "urls": {"x": "https://x.example/@{handle}", "forum": "https://f.example/u?id={account_id}"},
            "source": "https://x.example:8444/profiles",
            "secretName": "profiles",
            "secretKey": "whsec",
            "caSecretName": "profiles-ca",
            "allowed": ["*.cdn.example", "10.8.0.0/16", "fd00::/8", "img.x.example:8443"],
        },
    },
    "networkPolicy": {"profiles": {"ports": [8444], "to": [{"ipBlock": {"cidr": "10.8.0.0/16"}}]}},
}
APPEALING: dict[str, Any] = {
    **DESKED,
    "gate": GATED["gate"],
    "appeals": {"secretName": "appeals", "secretKey": "whsec"},
    "networkPolicy": {"deskFrom": [{"ipBlock": {"cidr": "10.8.0.0/16"}}]},
}
SERVED = [pytest.param("gate", GATED, id="gate"), pytest.param("desk", DESKED, id="desk")]
SERVED += [pytest.param("desk", POSTGRES, id="desk-postgresql")]
SERVED += [pytest.param("desk", SINGLE_SIGN_ON, id="desk-single-sign-on")]
SERVED += [pytest.param("desk", PROFILED, id="desk-profiles")]


def settings_of(template: dict[str, Any]) -> dict[str, str]:
    """A container's settings, each said once."""
    given = container_of(template)["env"]
    found = {it["name"]: it["value"] for it in given}
    assert len(found) == len(given)
    return found


def under(values: dict[str, Any], path: str) -> dict[str, Any]:
    """The volume that holds a file of a gate or a desk."""
    (template,) = (it for name, it in templates(values).items() if name != "eu-samehand")
    (name,) = (
        it["name"]
        for it in container_of(template)["volumeMounts"]
        if it["mountPath"] == str(Path(path).parent)
    )
    (found,) = (it for it in template["spec"]["volumes"] if it["name"] == name)
    made: dict[str, Any] = found
    return made


@pytest.mark.parametrize(("name", "values"), SERVED)
def test_kubernetes_accepts_what_answers_people_and_programs(name: str, values: dict[str, Any]) -> None:
    kubernetes: Any = pytest.importorskip("kubernetes_validate", reason=MISSING)
    for one in rendered(values):
        if one["kind"] not in OF_OPERATORS:
            kubernetes.validate(one, "1.37.0", strict=True)
    pod = templates(values)[f"eu-samehand-{name}"]
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert container_of(pod)["securityContext"]["readOnlyRootFilesystem"] is True
    assert container_of(pod)["args"] == [name]


@pytest.mark.parametrize(("name", "values"), SERVED)
def test_a_gate_or_a_desk_is_scraped_under_the_job_that_its_rules_ask_for(
    name: str, values: dict[str, Any]
) -> None:
    objects = rendered(values)
    (endpoint,) = only("PodMonitor", objects)["spec"]["podMetricsEndpoints"]
    assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": f"samehand-{name}"}]
    template = templates(values)[f"eu-samehand-{name}"]
    labels = template["metadata"]["labels"]
    assert only("PodMonitor", objects)["spec"]["selector"]["matchLabels"].items() <= labels.items()
    ports = {it["name"]: it["containerPort"] for it in container_of(template)["ports"]}
    assert ports[endpoint["port"]] == load({}).web_port
    # And is no worker: neither scraped as one nor counted for their budget.
    services = specs("Service", objects)
    assert not services["eu-samehand"]["selector"].items() <= labels.items()
    assert [it["name"] for it in services[f"eu-samehand-{name}"]["ports"]] != ["http"]
    budgets = specs("PodDisruptionBudget", objects)
    assert not budgets["eu-samehand"]["selector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize(("name", "values"), SERVED)
def test_a_gate_or_a_desk_is_reached_at_its_own_port_by_those_who_may(
    name: str, values: dict[str, Any]
) -> None:
    peers = [{"namespaceSelector": {"matchLabels": {"name": "edge"}}}]
    objects = rendered({**values, "networkPolicy": {f"{name}From": peers}})
    template = templates(values)[f"eu-samehand-{name}"]
    labels, given = template["metadata"]["labels"], settings_of(template)
    port = int(given[f"SAMEHAND_{name.upper()}_PORT"])
    assert given[f"SAMEHAND_{name.upper()}_HOST"] == "0.0.0.0"
    service = specs("Service", objects)[f"eu-samehand-{name}"]
    assert service["selector"].items() <= labels.items()
    ports = {it["name"]: it["containerPort"] for it in container_of(template)["ports"]}
    assert [(it["port"], ports[it["targetPort"]]) for it in service["ports"]] == [(port, port)]
    policy = specs("NetworkPolicy", objects)[f"eu-samehand-{name}"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    assert policy["ingress"] == [{"ports": [{"port": port, "protocol": "TCP"}], "from": peers}]


def test_a_gate_is_a_user_of_its_own_and_has_its_keys_and_secrets_as_files(tmp_path: Path) -> None:
    given = settings_of(templates(GATED)["eu-samehand-gate"])
    assert unknown_names(given, DeskSettings) == {}
    assert given["SAMEHAND_GATE_DEADLINE_MS"] == "80"
    assert given["SAMEHAND_REDIS_USERNAME"] == "samehand-gate"
    assert under(GATED, given["SAMEHAND_REDIS_PASSWORD_FILE"])["secret"]["secretName"] == "redis-gate"
    assert under(GATED, given["SAMEHAND_PEPPER_FILE"])["secret"]["secretName"] == "pepper"
    # All of the folder, or a key that is revoked would stay in force until the pod ends.
    assert under(GATED, given["SAMEHAND_GATE_KEYS"])["secret"] == {"secretName": "gate", "defaultMode": 0o440}
    files = next(it["data"] for it in rendered(GATED) if it["kind"] == "ConfigMap")
    assert under(GATED, given["SAMEHAND_MAPPINGS"]) == under(GATED, given["SAMEHAND_GATE_WEBHOOKS"])
    (tmp_path / "users").write_text(SECRET_TEXT)
    (tmp_path / "webhooks.toml").write_text(
        files["webhooks.toml"].replace(str(Path(given["SAMEHAND_GATE_KEYS"]).parent), str(tmp_path))
    )
    mappings = compile_mappings(files["mappings.toml"].encode(), "mappings.toml")
    assert webhooks_of(tmp_path / "webhooks.toml", mappings).keys() == {"users"}
    assert settings_of(templates(GATED)["eu-samehand"])["SAMEHAND_REDIS_USERNAME"] == "samehand"


def test_a_gate_without_a_user_of_its_own_is_the_workers() -> None:
    values = {**LEAST, "gate": {"enabled": True, "secretName": "gate"}}
    given = settings_of(templates(values)["eu-samehand-gate"])
    assert given["SAMEHAND_REDIS_USERNAME"] == "samehand"
    assert under(values, given["SAMEHAND_REDIS_PASSWORD_FILE"])["secret"]["secretName"] == "redis"
    assert not {"SAMEHAND_GATE_WEBHOOKS", "SAMEHAND_MAPPINGS"} & given.keys()
    assert not [it for it in rendered(values) if it["kind"] == "ConfigMap"]


@pytest.mark.parametrize("values", [DESKED, POSTGRES, SINGLE_SIGN_ON])
def test_a_desk_knows_neither_redis_nor_the_pepper(values: dict[str, Any]) -> None:
    template = templates(values)["eu-samehand-desk"]
    given = settings_of(template)
    assert unknown_names(given, DeskSettings) == {}
    assert not [name for name in given if "REDIS" in name or "PEPPER" in name]
    assert {"pepper", "redis"}.isdisjoint(it["name"] for it in template["spec"]["volumes"])
    settings = loaded(given)
    assert settings.desk_url == "https://desk.example.org"
    assert address(settings.database_url.get_secret_value())


def test_a_desk_on_sqlite_is_one_keeps_its_file_and_leaves_before_another_comes() -> None:
    objects = rendered(DESKED)
    claim = only("PersistentVolumeClaim", objects)
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    given = settings_of(templates(DESKED)["eu-samehand-desk"])
    volume = under(DESKED, given["SAMEHAND_DATABASE_URL"].removeprefix("sqlite:///"))
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    (desk,) = (
        it for it in objects if it["metadata"]["name"] == "eu-samehand-desk" and "replicas" in it["spec"]
    )
    assert desk["spec"]["replicas"] == 1
    assert desk["spec"]["strategy"] == {"type": "Recreate"}
    with pytest.raises(helm().HelmError, match=r"desk\.replicas must be 1 with SQLite"):
        rendered(changed(DESKED, "desk.replicas", 2))
    yours = changed(DESKED, "desk.storage", {"claimName": "mine"})
    assert not [it for it in rendered(yours) if it["kind"] == "PersistentVolumeClaim"]


def test_desks_on_postgresql_are_as_many_as_you_like_and_need_no_volume() -> None:
    objects = rendered(POSTGRES)
    assert not [it for it in objects if it["kind"] == "PersistentVolumeClaim"]
    given = settings_of(templates(POSTGRES)["eu-samehand-desk"])
    assert given["SAMEHAND_DATABASE_URL"] == "postgresql://desk@db/samehand"
    assert given["SAMEHAND_DESK_BLIND_SHARE"] == "0.3"
    password = Path(given["SAMEHAND_DATABASE_PASSWORD_FILE"])
    secret = under(POSTGRES, str(password))["secret"]
    assert (secret["secretName"], [it["path"] for it in secret["items"]]) == ("database", [password.name])
    policy = specs("NetworkPolicy", objects)["eu-samehand-desk"]
    assert policy["egress"] == [{"ports": [{"port": 5432, "protocol": "TCP"}]}]


@pytest.mark.parametrize(("name", "values"), SERVED)
def test_what_ends_tls_before_gates_and_desks_is_believed(name: str, values: dict[str, Any]) -> None:
    given = settings_of(
        templates({**values, "trustedProxies": ["10.42.0.0/16", "fd00::/8"]})[f"eu-samehand-{name}"]
    )
    assert given["SAMEHAND_TRUSTED_PROXIES"] == "10.42.0.0/16,fd00::/8"
    assert "SAMEHAND_PROXY_HEADER" not in given
    assert "SAMEHAND_TRUSTED_PROXIES" not in settings_of(templates(values)[f"eu-samehand-{name}"])
    proxied = templates({**values, "proxyHeader": "forwarded"})[f"eu-samehand-{name}"]
    assert settings_of(proxied)["SAMEHAND_PROXY_HEADER"] == "forwarded"


def test_people_sign_in_with_a_provider_that_the_desk_alone_may_reach() -> None:
    given = settings_of(templates(SINGLE_SIGN_ON)["eu-samehand-desk"])
    settings = loaded(given)
    assert settings.desk_oidc_issuer == "https://id.example.org:8443/realms/staff"
    assert settings.desk_oidc_client_id == "samehand-desk"
    assert settings.desk_oidc_roles == {"desk-leads": "lead", "desk-moderators": "moderator"}
    assert settings.desk_oidc_roles_claim == "realm_access.roles"
    assert settings.desk_oidc_scopes == "openid groups"
    assert mounted(SINGLE_SIGN_ON, "SAMEHAND_DESK_OIDC_CLIENT_SECRET_FILE") == "provider"
    assert mounted(SINGLE_SIGN_ON, "SAMEHAND_DESK_OIDC_CA_FILE") == "provider-ca"
    assert reaching(SINGLE_SIGN_ON, 8443, "192.0.2.7/32") == ["eu-samehand-desk"]


def mounted(values: dict[str, Any], name: str) -> str:
    """The secret in which a file lies that the desk's settings name."""
    path = settings_of(templates(values)["eu-samehand-desk"])[name]
    secret = under(values, path)["secret"]
    assert [it["path"] for it in secret["items"]] == [Path(path).name]
    return str(secret["secretName"])


def reaching(values: dict[str, Any], port: int, cidr: str) -> list[str]:
    """The policies that lead to a port of a network."""
    rule = {"ports": [{"port": port, "protocol": "TCP"}], "to": [{"ipBlock": {"cidr": cidr}}]}
    return [
        it["metadata"]["name"]
        for it in rendered(values)
        if it["kind"] == "NetworkPolicy"
        and rule in it["spec"].get("egress", ())
        and "Egress" in it["spec"]["policyTypes"]
    ]


def test_profiles_come_from_a_source_that_the_desk_alone_may_reach() -> None:
    given = settings_of(templates(PROFILED)["eu-samehand-desk"])
    settings = loaded(given)
    assert settings.desk_profile_urls == PROFILED["desk"]["profiles"]["urls"]
    assert settings.desk_profile_source == "https://x.example:8444/profiles"
    allowed = ["https://*.cdn.example:443", "10.8.0.0/16", "fd00::/8", "https://img.x.example:8443"]
    assert [str(it) for it in settings.desk_profile_source_allowed] == allowed
    assert mounted(PROFILED, "SAMEHAND_DESK_PROFILE_SOURCE_SECRET_FILE") == "profiles"
    assert mounted(PROFILED, "SAMEHAND_DESK_PROFILE_SOURCE_CA_FILE") == "profiles-ca"
    assert reaching(PROFILED, 8444, "10.8.0.0/16") == ["eu-samehand-desk"]


def test_appeals_have_a_secret_of_gate_and_desk_and_a_way_between_them() -> None:
    both = {name: templates(APPEALING)[f"eu-samehand-{name}"] for name in ("gate", "desk")}
    for template in both.values():
        (volume,) = (it for it in template["spec"]["volumes"] if it["name"] == "appeals")
        assert volume["secret"]["items"] == [{"key": "whsec", "path": "secret"}]
    gate, desk = (settings_of(template) for template in both.values())
    assert gate["SAMEHAND_GATE_DESK_URL"] == "http://eu-samehand-desk:6068"
    path = "/run/secrets/samehand/appeals/secret"
    assert gate["SAMEHAND_GATE_DESK_SECRET_FILE"] == desk["SAMEHAND_DESK_APPEALS_SECRET_FILE"] == path
    policies = specs("NetworkPolicy", rendered(APPEALING))
    (out,) = policies["eu-samehand-gate"]["egress"]
    (in_,) = policies["eu-samehand-desk"]["ingress"]
    assert out["ports"] == in_["ports"] == [{"port": 6068, "protocol": "TCP"}]
    labels = [peer["podSelector"]["matchLabels"] for peer in (*out["to"], in_["from"][-1])]
    assert [it["app.kubernetes.io/component"] for it in labels] == ["desk", "gate"]
    without = changed(APPEALING, "appeals.secretName", "")
    assert "SAMEHAND_GATE_DESK_URL" not in settings_of(templates(without)["eu-samehand-gate"])


def test_leads_ask_the_releases_own_gate_which_lets_the_desk_in() -> None:
    values = {
        **DESKED,
        **GATED,
        "desk": {**DESK, "gate": {"secretName": "desk-key", "secretKey": "related"}},
        "networkPolicy": {"gateFrom": [{"podSelector": {"matchLabels": {"app": "proxy"}}}]},
    }
    template = templates(values)["eu-samehand-desk"]
    given = settings_of(template)
    assert given["SAMEHAND_DESK_GATE_URL"] == "http://eu-samehand-gate:6070"
    assert given["SAMEHAND_DESK_GATE_KEY_FILE"] == "/run/secrets/samehand/gate/key"
    (secret,) = (it["secret"] for it in template["spec"]["volumes"] if it["name"] == "gate")
    assert (secret["secretName"], secret["items"]) == ("desk-key", [{"key": "related", "path": "key"}])
    policies = specs("NetworkPolicy", rendered(values))
    gate, desk = policies["eu-samehand-gate"], policies["eu-samehand-desk"]
    (way,) = desk["egress"]
    assert way["ports"] == [{"port": 6070, "protocol": "TCP"}]
    assert way["to"] == [{"podSelector": gate["podSelector"]}]
    assert {"podSelector": desk["podSelector"]} in gate["ingress"][0]["from"]
    with pytest.raises(helm().HelmError, match=r"needs gate\.enabled"):
        rendered(changed(values, "gate.enabled", False))


def test_links_to_profiles_need_no_source() -> None:
    values = changed(PROFILED, "desk.profiles.source", "")
    template = templates(values)["eu-samehand-desk"]
    assert [name for name in settings_of(template) if "PROFILE" in name] == ["SAMEHAND_DESK_PROFILE_URLS"]
    assert "profiles" not in {it["name"] for it in template["spec"]["volumes"]}


def test_a_desk_without_provider_and_source_has_no_way_out_for_them() -> None:
    for values in (
        DESKED,
        changed(SINGLE_SIGN_ON, "desk.oidc.issuer", ""),
        changed(PROFILED, "desk.profiles.source", ""),
    ):
        given = settings_of(templates(values)["eu-samehand-desk"])
        assert not [name for name in given if "OIDC" in name or "PROFILE_SOURCE" in name]
        policy = specs("NetworkPolicy", rendered(values))["eu-samehand-desk"]
        assert policy["policyTypes"] == ["Ingress"]
        assert "egress" not in policy


def test_a_bridge_may_speak_to_the_registry_that_it_is_told_of() -> None:
    ports = [
        [port["port"] for port in rule["ports"]]
        for rule in only("NetworkPolicy", rendered(BRIDGED))["spec"]["egress"]
    ]
    assert [8081] in ports
    assert [8081] not in [
        [port["port"] for port in rule["ports"]]
        for rule in only("NetworkPolicy", rendered(LEAST))["spec"]["egress"]
    ]


def test_pods_of_jobs_serve_nobody_and_count_for_no_budget() -> None:
    objects = rendered(ALL)
    jobs = [it["metadata"]["labels"] for name, it in templates(ALL).items() if name != "eu-samehand"]
    assert len(jobs) == 3
    for selector in (
        only("Service", objects)["spec"]["selector"],
        only("Deployment", objects)["spec"]["selector"]["matchLabels"],
        only("PodDisruptionBudget", objects)["spec"]["selector"]["matchLabels"],
    ):
        assert not [labels for labels in jobs if selector.items() <= labels.items()]
        assert selector.items() <= templates(ALL)["eu-samehand"]["metadata"]["labels"].items()
    # But they speak to nobody else either.
    policy = only("NetworkPolicy", objects)["spec"]["podSelector"]["matchLabels"]
    assert all(policy.items() <= labels.items() for labels in jobs)


@pytest.mark.parametrize("values", VALUES)
def test_the_notes_say_what_to_do_next_in_words_that_hold(values: dict[str, Any]) -> None:
    notes = files(values)["samehand/templates/NOTES.txt"]
    for words in ("pepper", "doctor", "/metrics", "accounts.banned", "rebuild.enabled=true"):
        assert words in notes
    commands = set(re.findall(r"(?:^ {5}|-- )samehand ([a-z-]+)", notes, re.MULTILINE))
    assert {"pepper", "doctor"} <= commands <= set(registry.COMMANDS)
    for path in re.findall(r"(?:docs|deploy)/[\w./-]*\w/?", notes):
        if path != "deploy/eu-samehand":
            assert (ROOT / path).exists(), path
    assert "{{" not in notes


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
    elsewhere = rendered(changed(ALL, "monitoring.runbooks", "https://git.example/samehand/docs/runbooks"))
    texts = [text for one in elsewhere if one["kind"] == "ConfigMap" for text in one["data"].values()]
    assert all("https://git.example/samehand/docs/runbooks" in text for text in texts)
    assert not any(RUNBOOKS_AT in text for text in texts)
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
        ("monitoring.runbooks", 'https://git.example/"'),
        ("rebuild.enabled", "yes"),
        ("bridge.enabled", True),
        ("deliver.enabled", True),
        ("deliver.settings", {"SAMEHAND_KAFKA_PASSWORD": "secret"}),
        ("bridge.settings", {"SAMEHAND_KAFKA_PASSWORD": "secret"}),
        ("gate.enabled", True),
        ("gate", {**GATE, "settings": {"SAMEHAND_REDIS_PASSWORD": "secret"}}),
        ("gate", {**GATE, "keysKey": "../keys"}),
        ("desk.enabled", True),
        ("desk", {**DESK, "url": "http://desk.example.org"}),
        ("desk", {**DESK, "url": "https://desk.example.org/desk"}),
        ("desk", {**DESK, "database": {"url": "postgresql://desk:secret@db/samehand"}}),
        ("desk", {**DESK, "database": {"url": "postgresql://db/samehand?password=secret"}}),
        ("desk", {**DESK, "settings": {"SAMEHAND_DATABASE_URL": "postgresql://desk:secret@db/samehand"}}),
        ("desk", {**DESK, "oidc": {"issuer": "https://id.example.org", "clientId": "desk"}}),
        ("desk", {**DESK, "oidc": {"issuer": "https://id.example.org", "roles": {"leads": "lead"}}}),
        ("desk", {**DESK, "oidc": {**PROVIDER, "issuer": "http://id.example.org"}}),
        ("desk", {**DESK, "oidc": {**PROVIDER, "issuer": "https://desk:secret@id.example.org"}}),
        ("desk", {**DESK, "oidc": {**PROVIDER, "roles": {"leads": "owner"}}}),
        ("desk", {**DESK, "profiles": {"source": "https://x.example/profiles"}}),
        ("desk", {**DESK, "profiles": {"source": "https://x:y@x.example/", "secretName": "profiles"}}),
        ("desk", {**DESK, "profiles": {"urls": {"x": "http://x.example/{handle}"}}}),
        ("desk", {**DESK, "profiles": {"urls": {"x": "https://{handle}/"}}}),
        ("watchlists", [{"name": "ofac", "files": ["SDN.CSV"]}]),
        ("watchlists", [{**A_LIST, "files": ["../run/secrets"]}]),
        ("watchlists", [{**A_LIST, "files": ["--persons"]}]),
        ("watchlists", [{**A_LIST, "schedule": "weekly"}]),
        ("watchlists", [{**A_LIST, "state": {}}]),
        ("watchlists", [{name: it for name, it in A_LIST.items() if name != "state"}]),
        ("watchlists", [{**A_LIST, "name": "a-name-that-is-too-long"}]),
    ],
)
def test_a_wrong_value_is_refused(path: str, value: object) -> None:
    with pytest.raises(helm().HelmError):
        rendered(changed(LEAST, path, value))


def test_the_chart_is_of_this_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    assert chart["appVersion"] == project()["project"]["version"]


INGRESS = {"enabled": True, "className": "nginx", "tlsSecretName": "edge-tls", "annotations": {"a/b": "c"}}
EDGE: dict[str, Any] = {
    **LEAST,
    "gate": {**GATE, "ingress": {**INGRESS, "host": "gate.example.org"}},
    "desk": {**DESK, "ingress": INGRESS},
}


def test_without_being_asked_nothing_is_reached_from_outside() -> None:
    kinds = {it["kind"] for values in (LEAST, GATED, DESKED) for it in rendered(values)}
    assert not {"Ingress", "HorizontalPodAutoscaler"} & kinds


def test_ingress_of_gate_and_desk_ends_tls_and_leads_to_their_services() -> None:
    kubernetes: Any = pytest.importorskip("kubernetes_validate", reason=MISSING)
    objects = rendered(EDGE)
    services = specs("Service", objects)
    for name, host in (("gate", "gate.example.org"), ("desk", "desk.example.org")):
        (found,) = (it for it in objects if it["kind"] == "Ingress" and it["metadata"]["name"].endswith(name))
        kubernetes.validate(found, "1.37.0", strict=True)
        spec = found["spec"]
        assert spec["tls"] == [{"hosts": [host], "secretName": "edge-tls"}]
        (rule,) = spec["rules"]
        (path,) = rule["http"]["paths"]
        backend = path["backend"]["service"]
        ports = [it["name"] for it in services[backend["name"]]["ports"]]
        assert (rule["host"], backend["name"], ports) == (
            host,
            f"eu-samehand-{name}",
            [backend["port"]["name"]],
        )


@pytest.mark.parametrize("missing", ["tlsSecretName", "host"])
def test_ingress_without_a_certificate_or_a_host_is_refused(missing: str) -> None:
    ingress = {**INGRESS, "host": "gate.example.org", missing: ""}
    with pytest.raises(helm().HelmError):
        rendered({**LEAST, "gate": {**GATE, "ingress": ingress}})


def test_gate_scales_on_processor_time_and_leaves_the_number_of_pods_to_it() -> None:
    kubernetes: Any = pytest.importorskip("kubernetes_validate", reason=MISSING)
    objects = rendered({**LEAST, "gate": {**GATE, "autoscaling": {"enabled": True, "cpuPercent": 50}}})
    scaler = only("HorizontalPodAutoscaler", objects)
    kubernetes.validate(scaler, "1.37.0", strict=True)
    assert scaler["spec"]["scaleTargetRef"]["name"] == "eu-samehand-gate"
    assert "replicas" not in specs("Deployment", objects)["eu-samehand-gate"]
    assert container_of(templates(GATED)["eu-samehand-gate"])["resources"]["requests"]["cpu"], "its base"


PARTS = ["worker", "gate", "desk", "deliver", "bridge"]


def let_in(objects: list[dict[str, Any]], labels: dict[str, str]) -> set[int]:
    """The ports on which policies let others reach a pod."""
    return {
        port["port"]
        for spec in specs("NetworkPolicy", objects).values()
        if spec["podSelector"]["matchLabels"].items() <= labels.items()
        for rule in spec.get("ingress", ())
        for port in rule["ports"]
    }


def listening(group: int) -> set[int]:
    """The TCP ports on which the processes of a group listen."""
    sockets = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(folder.name)) == group:
                sockets |= {os.readlink(it) for it in (folder / "fd").iterdir()}
        except OSError:  # it ended
            continue
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {
        int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets
    }


@pytest.mark.parametrize("part", PARTS)
def test_policies_and_pods_name_the_ports_that_the_process_really_opens(
    part: str, tmp_path: Path, broker: str, redis_url: str, topic_prefix: str, store_prefix: str
) -> None:
    hook = tmp_path / "hook"
    (tmp_path / "endpoints.toml").write_text(
        f'[endpoints.a]\nurl = "https://a.example"\nsecret_file = "{hook}"\n'
    )
    hook.write_text(SECRET_TEXT)
    mappings = (ROOT / "examples" / "debezium" / "mappings.toml").read_text("utf-8")
    mappings = mappings.replace("shop.public", f"{topic_prefix}shop")
    (tmp_path / "mappings.toml").write_text(mappings)
    values = {
        **EDGE,
        "deliver": {"enabled": True, "secretName": "hooks", "endpoints": "[endpoints.a]"},
        "bridge": {"enabled": True, "mappings": mappings},
    }
    objects = rendered(values)
    name = "eu-samehand" if part == "worker" else f"eu-samehand-{part}"
    pod = specs("Deployment", objects)[name]["template"]
    chart_ports = {it["containerPort"] for it in container_of(pod)["ports"]}
    assert chart_ports == let_in(objects, pod["metadata"]["labels"])

    write_pepper_file(tmp_path / "pepper")
    new_key(tmp_path / "keys.json", "sign-up", frozenset({"score"}), 10.0, datetime.now(UTC))
    ports = {"web": take_port(), "gate": take_port(), "desk": take_port()}
    given = {
        "KAFKA_BROKERS": broker,
        "REDIS_URL": redis_url,
        "TOPIC_PREFIX": topic_prefix,
        "TOPIC_PARTITIONS": "1",
        "STORE_PREFIX": store_prefix,
        "STORE_BANS": "2000",
        "STORE_REMEMBERED": "2000",
        "PEPPER_FILE": tmp_path / "pepper",
        "GATE_KEYS": tmp_path / "keys.json",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'desk.db'}",
        "ENDPOINTS": tmp_path / "endpoints.toml",
        "MAPPINGS": tmp_path / "mappings.toml",
        **{f"{kind.upper()}_PORT": port.number for kind, port in ports.items()},
    }
    environment = {f"SAMEHAND_{key}": str(value) for key, value in given.items()}
    topics.check(load(environment), [topics.TopicSpec(f"{topic_prefix}shop.users", 1)], create=True)
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", part],
        env={**os.environ, **environment},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    by_default = {"web": 6066, "gate": 6070, "desk": 6068}
    opened = {ports[kind].number: port for kind, port in by_default.items() if port in chart_ports}
    try:
        until = time.monotonic() + patient(60.0)
        while not set(opened) <= listening(process.pid) and time.monotonic() < until:
            time.sleep(0.2)
        assert listening(process.pid) == set(opened), (tmp_path / "log").read_text()
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60.0)
        for port in ports.values():
            port.release()
