"""deploy/compose.yaml: what it starts is hardened, bounded, watched, and given its secrets as files."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # PyYAML ships no types

from deliver.endpoints import read_endpoints
from desk.settings import DeskSettings, load
from gate.keys import new_key, read_keys
from schemas.mapping.compiler import compile_mappings
from store.pepper.pepper import read_peppers
from streams.settings import unknown_names
from streams.standard_webhooks import Secret
from tests.deliver.receiver import SECRET_TEXT
from tests.house import ROOT
from tests.ops.conftest import program
from tests.ops.deployed import PROMETHEUS, RUNBOOKS_AT
from tests.printed import printed

FILE = ROOT / "deploy" / "compose.yaml"
COMPOSED: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSED["services"]
MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade"
WATCHERS = ("prometheus", "alertmanager", "grafana")
WORKERS = sorted(name for name in SERVICES if name.startswith("worker"))


def test_everything_is_there() -> None:
    assert set(SERVICES) == {"kafka", "redis", *WORKERS, "bridge", "deliver", "gate", "desk", *WATCHERS}
    assert len(WORKERS) == 2


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_hardened_and_bounded(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["logging"]["options"]["max-size"]
    # The worker's image brings its own.
    assert "healthcheck" in service or name in (*WORKERS, "bridge", "deliver", "gate", "desk")


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_listens_beyond_this_machine(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))
    if name in ("kafka", "redis"):
        networks = [COMPOSED["networks"][network] for network in SERVICES[name]["networks"]]
        leading_nowhere = {"internal": True}, {"driver_opts": {MASQUERADE: "false"}}
        assert all(network in leading_nowhere for network in networks)


def test_this_machine_reaches_kafka_at_the_address_that_kafka_tells_it() -> None:
    kafka = SERVICES["kafka"]
    told = listeners(kafka["environment"]["KAFKA_ADVERTISED_LISTENERS"])
    listening = listeners(kafka["environment"]["KAFKA_LISTENERS"])
    protocols = listeners(kafka["environment"]["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"])
    assert set(listening) == set(protocols) == {*told, "CONTROLLER"}
    assert told["BROKER"] == "kafka:9092"
    (port,) = kafka["ports"]
    assert port == f"{told['HOST']}{listening['HOST']}" == "127.0.0.1:19092:19092"
    # A port of a container on internal networks alone is published nowhere.
    assert any("internal" not in COMPOSED["networks"][network] for network in kafka["networks"])
    assert SERVICES["redis"]["networks"] == ["inside"]


def listeners(text: str) -> dict[str, str]:
    """Kafka's way of writing a map of listeners."""
    pairs = (entry.partition(":") for entry in text.split(","))
    return {name: rest.removeprefix("//") for name, _, rest in pairs}


def test_no_secret_stands_in_an_environment() -> None:
    for name, service in SERVICES.items():
        for variable in service.get("environment", {}):
            if re.search(r"PASSWORD|SECRET|PEPPER|TOKEN", variable):
                assert variable.endswith("FILE"), (name, variable)
    for secret in COMPOSED["secrets"].values():
        assert secret["file"].startswith("./compose/secrets/")
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert "deploy/compose/secrets/" in ignored


@pytest.mark.parametrize("name", [*WORKERS, "bridge", "deliver", "gate", "desk"])
def test_a_workers_settings_are_ones_it_reads(name: str) -> None:
    named = ("_FILE", "_MAPPINGS", "_ENDPOINTS", "_KEYS")  # which stand where it runs
    given = {key: it for key, it in SERVICES[name]["environment"].items() if not key.endswith(named)}
    settings = load(given)
    assert unknown_names(SERVICES[name]["environment"], DeskSettings) == {}
    assert settings.kafka_brokers == ("kafka:9092",)
    seconds = int(SERVICES[name]["stop_grace_period"].removesuffix("s"))
    assert seconds > settings.stop_seconds


def test_a_desk_runs_where_it_is_asked_for_keeps_its_database_and_sees_neither_redis_nor_a_secret() -> None:
    desk = SERVICES["desk"]
    assert desk["profiles"] == ["desk"]
    assert "secrets" not in desk
    assert not set(desk["networks"]) & set(SERVICES["redis"]["networks"])
    folder = desk["environment"]["SAMEHAND_DATABASE_URL"].removeprefix("sqlite:///").rpartition("/")[0]
    assert desk["volumes"] == [f"desk:{folder}"]


TOLD = {
    "oidc": {
        "SAMEHAND_DESK_URL": "https://desk.example.org",
        "SAMEHAND_DESK_OIDC_ISSUER": "https://id.example.org",
        "SAMEHAND_DESK_OIDC_CLIENT_ID": "samehand-desk",
        "SAMEHAND_DESK_OIDC_ROLES": '{"desk-leads": "lead"}',
    },
    "profiles": {"SAMEHAND_DESK_PROFILE_SOURCE": "https://x.example/profiles"},
}


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("oidc", "desk_oidc_roles", {"desk-leads": "lead"}),
        ("profiles", "desk_profile_source", "https://x.example/profiles"),
    ],
)
def test_desk_reaches_outside_only_with_the_file_that_says_whom(
    name: str, setting: str, value: object
) -> None:
    added = yaml.safe_load((FILE.parent / "compose" / f"{name}.yaml").read_text("utf-8"))
    assert set(added["services"]) == {"desk"}
    desk = added["services"]["desk"]
    assert desk["networks"] == ["outside"]
    assert "outside" not in SERVICES["desk"]["networks"]
    own = {variable for variable in desk["environment"] if variable != "SAMEHAND_DESK_URL"}
    assert not own & set(SERVICES["desk"]["environment"])
    assert desk["secrets"] == list(added["secrets"])
    given = {}
    for variable, text in desk["environment"].items():
        wanted = re.fullmatch(r"\$\{(\w+):([?-])(.*)\}", text)
        if wanted is None:
            assert text == f"/run/secrets/{desk['secrets'][0]}"
            given[variable] = __file__
            continue
        assert wanted[1] == variable
        given[variable] = TOLD[name].get(variable, wanted[3])
        assert variable in TOLD[name] or wanted[2] == "-", "what has no default is asked for"
    assert unknown_names(given, DeskSettings) == {}
    assert getattr(load(given), setting) == value


def test_leads_reach_the_gate_by_a_network_without_redis_and_with_a_key_alone() -> None:
    added = yaml.safe_load((FILE.parent / "compose" / "related.yaml").read_text("utf-8"))
    desk, gate = added["services"]["desk"], added["services"]["gate"]
    shared = set(SERVICES["desk"]["networks"]) & {*SERVICES["gate"]["networks"], *gate["networks"]}
    assert shared == {"broker"}
    assert "broker" not in SERVICES["redis"]["networks"]
    assert desk["secrets"] == list(added["secrets"])
    given = {**desk["environment"], "SAMEHAND_DESK_GATE_KEY_FILE": __file__}
    assert unknown_names(given, DeskSettings) == {}
    assert load(given).desk_gate_url == "http://gate:6070"


def test_there_are_partitions_for_every_worker() -> None:
    assert len(WORKERS) <= int(SERVICES[WORKERS[0]]["environment"]["SAMEHAND_TOPIC_PARTITIONS"])


def test_a_bridge_runs_where_it_is_asked_for_and_sees_neither_redis_nor_a_secret() -> None:
    bridge = SERVICES["bridge"]
    assert bridge["profiles"] == ["bridge"]
    assert "secrets" not in bridge
    assert not set(bridge["networks"]) & set(SERVICES["redis"]["networks"])
    assert set(bridge["networks"]) & set(SERVICES["kafka"]["networks"])
    assert set(bridge["networks"]) & set(SERVICES["prometheus"]["networks"])
    inside = bridge["environment"]["SAMEHAND_MAPPINGS"]
    (mounted,) = (volume.split(":") for volume in bridge["volumes"])
    path = FILE.parent / mounted[0] / inside.removeprefix(f"{mounted[1]}/")
    assert compile_mappings(path.read_bytes(), path.name).kinds == {"created", "banned"}


def test_deliver_runs_where_it_is_asked_for_and_sees_neither_redis_nor_the_pepper(tmp_path: Path) -> None:
    deliver = SERVICES["deliver"]
    assert deliver["profiles"] == ["deliver"]
    assert deliver["secrets"] == ["webhook_secret"]
    assert not set(deliver["networks"]) & set(SERVICES["redis"]["networks"])
    assert set(deliver["networks"]) & set(SERVICES["kafka"]["networks"])
    assert "outside" in deliver["networks"], "that is where webhooks go"
    inside = deliver["environment"]["SAMEHAND_ENDPOINTS"]
    (mounted,) = (volume.split(":") for volume in deliver["volumes"])
    text = (FILE.parent / mounted[0] / inside.removeprefix(f"{mounted[1]}/")).read_text("utf-8")
    (tmp_path / "webhook_secret").write_text(SECRET_TEXT)
    (endpoint,) = read_endpoints(text.replace("/run/secrets", str(tmp_path)), {})
    assert endpoint.secret is not None


def test_appeals_go_from_gate_to_desk_under_a_secret_of_both_on_a_network_of_both() -> None:
    added = yaml.safe_load((FILE.parent / "compose" / "appeals.yaml").read_text("utf-8"))
    gate, desk = added["services"].pop("gate"), added["services"].pop("desk")
    assert not added["services"]
    assert gate["secrets"] == desk["secrets"] == list(added["secrets"]) == ["appeals_secret"]
    assert set(gate["networks"]) <= set(SERVICES["desk"]["networks"])
    given = gate["environment"] | desk["environment"]
    files = {name: text for name, text in given.items() if name.endswith("_FILE")}
    assert set(files.values()) == {"/run/secrets/appeals_secret"}
    settings = load(given | dict.fromkeys(files, __file__))
    assert settings.gate_desk_url == f"http://desk:{settings.desk_port}"


def test_a_gate_runs_where_it_is_asked_for_and_answers_this_machine_alone() -> None:
    gate = SERVICES["gate"]
    assert gate["profiles"] == ["gate"]
    (port,) = gate["ports"]
    assert port == f"127.0.0.1:{load({}).gate_port}:{load({}).gate_port}"


def test_a_key_that_is_revoked_reaches_a_gate_that_runs() -> None:
    """Each change puts another file in its place, which a mount of the file itself would never show."""
    gate = SERVICES["gate"]
    (mounted,) = (volume.split(":") for volume in gate["volumes"])
    path = PurePosixPath(gate["environment"]["SAMEHAND_GATE_KEYS"])
    assert [str(path.parent), "ro"] == mounted[1:]
    script = (ROOT / "deploy" / "compose" / "secrets.sh").read_text("utf-8")
    assert f"> {mounted[0].removeprefix('./compose/')}/{path.name}" in script


def test_a_gate_is_a_user_of_its_own_in_redis_which_writes_nothing() -> None:
    gate = SERVICES["gate"]
    (user,) = (ROOT / "deploy" / "redis" / "gate.acl").read_text("utf-8").splitlines()
    assert user.split()[:2] == ["user", gate["environment"]["SAMEHAND_REDIS_USERNAME"]]
    password = gate["environment"]["SAMEHAND_REDIS_PASSWORD_FILE"]
    assert "redis_password" not in gate["secrets"]
    (line,) = SERVICES["redis"]["command"]
    assert f"users.sh /run/secrets/redis_password {password} " in line
    assert password.rpartition("/")[2] in SERVICES["redis"]["secrets"]


@pytest.mark.parametrize("name", ["bridge", "deliver", "gate", "desk"])
def test_prometheus_finds_other_processes_where_there_are_any(name: str) -> None:
    composed = yaml.safe_load((ROOT / "deploy" / "compose" / "prometheus.yaml").read_text("utf-8"))
    (job,) = (it for it in composed["scrape_configs"] if it["job_name"] == f"samehand-{name}")
    (found,) = job["dns_sd_configs"]
    assert (found["names"], found["port"]) == ([name], load({}).web_port)


def test_redis_loses_nothing_that_it_acknowledged_and_knows_the_user() -> None:
    (line,) = SERVICES["redis"]["command"]
    for words in ("--aclfile", "--appendonly yes", "--maxmemory-policy noeviction", "/etc/samehand/users.sh"):
        assert words in line


def test_what_is_mounted_is_there() -> None:
    named = [
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if volume.startswith((".", "/"))
    ]
    assert named
    made = [path for path in named if path.startswith("./compose/secrets/")]  # by secrets.sh: see above
    assert not [path for path in named if path not in made and not (FILE.parent / path).exists()]


def test_the_runbooks_lie_where_the_dashboards_look_for_them() -> None:
    public = "/usr/share/grafana/public"  # what Grafana serves at /public
    mounted = dict(volume.split(":")[:2] for volume in SERVICES["grafana"]["volumes"])
    assert mounted["../docs/runbooks"] == f"{public}/{RUNBOOKS_AT.removeprefix('/public/')}"


def test_its_prometheus_differs_from_ours_in_addresses_alone() -> None:
    ours = yaml.safe_load((PROMETHEUS / "prometheus.yaml").read_text("utf-8"))
    composed = yaml.safe_load((ROOT / "deploy" / "compose" / "prometheus.yaml").read_text("utf-8"))
    composed["scrape_configs"] = [it for it in composed["scrape_configs"] if it["job_name"] == "samehand"]
    targets = composed["scrape_configs"][0]["static_configs"][0].pop("targets")
    assert targets == [f"{name}:6066" for name in WORKERS]
    del ours["scrape_configs"][0]["static_configs"][0]["targets"]
    for one in (ours, composed):
        del one["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert composed == ours


def test_the_secrets_that_the_script_makes_can_be_used(tmp_path: Any) -> None:
    """In a folder of its own: secrets that are there are somebody's."""
    (named,) = printed("deploy/compose/secrets.sh")
    script = tmp_path / "secrets.sh"
    script.write_text((ROOT / named).read_text("utf-8"))
    subprocess.run(["sh", script], check=True)
    made = secrets_in(tmp_path)
    assert set(made) == {*COMPOSED["secrets"], "appeals_secret", "gate/keys.json"}
    assert len(Secret.read(made["webhook_secret"]).key) == 32
    assert len(Secret.read(made["appeals_secret"]).key) == 32
    assert read_keys(tmp_path / "secrets" / "gate" / "keys.json") == ()
    assert len(made["redis_password"]) == 64
    assert read_peppers([tmp_path / "secrets" / "pepper"]).current.pepper_id == 1
    subprocess.run(["sh", script], check=True)
    assert made == secrets_in(tmp_path)
    (tmp_path / "secrets" / "gate" / "keys.json").unlink()
    former = tmp_path / "secrets" / "gate_keys"  # where they were once
    new_key(former, "sign-up", frozenset(("score",)), 1.0, datetime.now(UTC))
    subprocess.run(["sh", script], check=True)
    assert [it.name for it in read_keys(tmp_path / "secrets" / "gate" / "keys.json")] == ["sign-up"]
    assert not former.exists()


def secrets_in(folder: Path) -> dict[str, str]:
    """What the script made, by where it lies."""
    whole = folder / "secrets"
    return {str(path.relative_to(whole)): path.read_text() for path in whole.rglob("*") if path.is_file()}


@pytest.mark.ops
def test_compose_accepts_it() -> None:
    """Up to what takes a Docker engine and a registry of images: `up` is `config` here."""
    docker, compose, *words, up, detached = printed("docker compose -f deploy/compose.yaml up -d")
    assert (docker, compose, up, detached) == ("docker", "compose", "up", "-d")
    done = subprocess.run(
        [program("docker-compose"), *words, "config", "-q"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
