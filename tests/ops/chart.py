"""The Helm chart, rendered by Helm itself, as clusters would see it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # PyYAML ships no types

from tests.house import ROOT

CHART = ROOT / "deploy" / "helm" / "samehand"
MISSING = "the group `ops` is not installed: make test-ops"

#: The least that somebody must say.
LEAST: dict[str, Any] = {
    "kafka": {"brokers": ["kafka-1:9092", "kafka-2:9092"]},
    "redis": {"url": "redis://redis:6379/0", "secretName": "redis"},
    "pepper": {"secretName": "pepper"},
}
#: Everything turned on.
ALL: dict[str, Any] = {
    "image": {"repository": "registry.example/samehand", "digest": f"sha256:{'0' * 64}"},
    "imagePullSecrets": ["registry"],
    "kafka": {
        "brokers": ["kafka-1:9093"],
        "topicPrefix": "eu.",
        "tls": {"enabled": True, "secretName": "kafka-tls", "mutual": True},
        "sasl": {"mechanism": "SCRAM-SHA-512", "username": "samehand", "secretName": "kafka"},
    },
    "redis": {
        "url": "sentinel://s1,s2/mymaster?tls=true",
        "secretName": "redis",
        "caSecretName": "redis-ca",
        "certSecretName": "redis-cert",
        "sentinel": {"username": "samehand", "secretName": "sentinel"},
    },
    "pepper": {"secretName": "pepper"},
    "settings": {"SAMEHAND_SHADOW": "true", "SAMEHAND_STOP_SECONDS": "15"},
    "autoscaling": {"enabled": True},
    "networkPolicy": {
        "kafka": {"ports": [9093], "to": [{"podSelector": {"matchLabels": {"app": "kafka"}}}]},
        "scrapedFrom": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
    },
    "monitoring": {
        "serviceMonitor": True,
        "prometheusRule": True,
        "dashboards": True,
        "labels": {"release": "prometheus"},
    },
    "rebuild": {"enabled": True, "fromStart": True},
    "watchlists": [
        {
            "name": "ofac",
            "volume": {"persistentVolumeClaim": {"claimName": "lists", "readOnly": True}},
            "files": ["SDN.CSV", "ALT.CSV"],
            "arguments": ["--programme", "SDGT"],
            "state": {"persistentVolumeClaim": {"claimName": "lists-state"}},
        },
        {
            "name": "national",
            "schedule": "5 3 * * *",
            "volume": {"configMap": {"name": "national-list"}},
            "files": ["pk/national.csv"],
            "arguments": ["--authority", "PK"],
            "state": {"persistentVolumeClaim": {"claimName": "lists-state"}},
        },
    ],
    "podAnnotations": {"example.org/team": "trust"},
    "nodeSelector": {"disk": "any"},
    "tolerations": [{"key": "dedicated", "operator": "Exists"}],
}


def helm() -> Any:
    """Helm's library, where the group `ops` is installed."""
    return pytest.importorskip("helm_python", reason=MISSING)


def files(values: dict[str, Any]) -> dict[str, str]:
    """What Helm makes of each template for a release called `eu` in the namespace `trust`."""
    with helm().Chart.load(str(CHART)) as chart:
        found: dict[str, str] = chart.render(values, name="eu", namespace="trust")
    return found


def rendered(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Every object that the release consists of."""
    texts = [text for name, text in sorted(files(values).items()) if name.endswith(".yaml")]
    return [one for text in texts for one in yaml.safe_load_all(text) if one]


def only(kind: str, objects: list[dict[str, Any]]) -> dict[str, Any]:
    """The one object of a kind."""
    (found,) = (one for one in objects if one["kind"] == kind)
    return found
