"""A ban on a state's word, its mirror, and the account of it: to the person, the Commission, an authority."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from desk.web.languages import LANGUAGES
from schemas.accounts import Basis
from schemas.actions import AccountActioned
from schemas.wire import encode
from tests.cli.running import Samehand
from tests.journeys.conftest import Platform
from tests.journeys.serving import Serving
from tests.makers import a_ban, a_sign_up

pytestmark = pytest.mark.journey

NOW = datetime.now(UTC).replace(microsecond=0)
DEVICE = "3f0a1c9e-77d2-4c1b-9a55-0c2b7c1d9e10"
PRIVATE: dict[str, Any] = {"email": "umar@valley.example", "device_id": DEVICE, "phone": "+923001234567"}
BANNED, MIRROR = "model-1", "mirror-1"
MIRROR_KEY = f"telegram:{MIRROR}"
CLAUSE = "Terms, 4.2: accounts that continue a banned one"
MAY = {f"events:{kind}@telegram" for kind in ("banned", "created", "actioned")}
PEOPLE = {"amina": "moderator", "chloe": "lead", "rana": "counsel", "sana": "counsel"}
REQUEST = {
    "authority": "High Court",
    "reference": "CC/311",
    "legal_basis": "a law",
    "jurisdiction": "PK",
    "kind": "e-evidence-emergency",
    "accounts": MIRROR_KEY,
}


@dataclass
class Scene:
    """A platform beside a gate and a desk."""

    platform: Platform
    serving: Serving


@pytest.fixture
def scene(
    request: pytest.FixtureRequest,
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Scene]:
    name = "platform" if database_url.startswith("sqlite") else "kafka_platform"
    platform: Platform = request.getfixturevalue(name)
    with ExitStack() as stack:
        serving = Serving(tmp_path, platform, redis_url, database_url, may=MAY, people=PEOPLE)
        stack.callback(serving.close)
        serving.start("gate")
        serving.start("desk")
        told = {"SAMEHAND_DATABASE_URL": database_url}
        for setting, value in (platform.environment | told).items():
            monkeypatch.setenv(setting, value)
        yield Scene(platform, serving)


@pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.kafka)], indirect=True
)
def test_what_was_done_on_a_states_word_is_told_to_each_who_may_ask(
    scene: Scene, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    platform, serving, samehand = scene.platform, scene.serving, Samehand(capsys)
    ban = replace(
        a_ban(BANNED, at=NOW, banned_at=NOW, handle="umar_valley_media", **PRIVATE),
        basis=Basis(authority="UN", reference="QDi.001", programmes=("1267",)),
    )

    def published(kind: str, record: Any) -> bool:
        try:
            answer = serving.call(f"/v1/events/{kind}", content=encode(record))
        except httpx.TransportError:
            return False
        if answer.status_code == 503:  # a busy broker: the gate asks to send it again
            return False
        assert answer.status_code == 202, answer.text
        return True

    def kept() -> dict[str, dict[str, Any]]:
        figures = samehand("account", "show", MIRROR_KEY, "--json").figures
        return {row["kind"]: row for row in figures["kept"]}

    # A ban on a state's word, its mirror, and the alert, which is marked.
    platform.until(lambda: published("banned", ban), "the gate")
    published("created", a_sign_up(MIRROR, at=NOW, handle="um4r_valley_media_2", **PRIVATE))
    platform.until(lambda: platform.alerts_on(MIRROR), "the alert")
    [alert] = platform.alerts_on(MIRROR)
    assert (alert.matched.basis, alert.matched.basis_kind) == (ban.basis, "state")
    by_basis = 'samehand_alerts_by_basis_total{basis="state"}'
    platform.until(lambda: platform.metric(by_basis) == 1.0, "the count of alerts on a state's word")

    # A person decides, and the platform acts.
    amina = serving.sign_in("amina")
    serving.decide(amina, "first", verdict="mirror", reason_code="several-traits", policy="violent-extremism")
    assert "on the word of an authority" in amina.get(f"/alerts/{alert.alert_id}").text
    platform.until(lambda: platform.values(platform.topics.verdicts), "the verdict")
    action = AccountActioned(
        event_id="e-1",
        version=1,
        occurred_at=datetime.now(UTC),
        platform="telegram",
        account_id=MIRROR,
        action="suspended",
        ground="terms",
        clause=CLAUSE,
        source="own-initiative",
        automated_detection="yes",
        automated_decision="no",
        alert_id=alert.alert_id,
        registered_at=NOW,
    )
    published("actioned", action)

    # The statement to the person, in each language: the clause, and nothing that would teach evaders.
    chloe = serving.sign_in("chloe")
    asked = {"account": MIRROR_KEY, "event": "e-1"}
    platform.until(lambda: chloe.get("/statement", params=asked).status_code == 200, "the action at the desk")
    for language in LANGUAGES:
        words = chloe.get("/statement/file", params={**asked, "language": language}).text
        assert CLAUSE in words
        assert not [value for value in PRIVATE.values() if value in words]

    # The statement for the Commission's database.
    path = tmp_path / "statements.jsonl"
    written = samehand("report", "statements", "--platform", "telegram", "--jsonl", path, "--json").figures
    [statement] = map(msgspec.json.decode, path.read_bytes().splitlines())
    assert (written["statements"], statement["decision_account"]) == (1, "DECISION_ACCOUNT_SUSPENDED")
    assert not [it for it in (*PRIVATE.values(), "valley", MIRROR, BANNED) if it in str(statement)]

    # A lawful request is entered by one and approved by another; its hold outlasts an erasure.
    rana, sana = serving.sign_in("rana"), serving.sign_in("sana")
    entered = rana.post("/requests", data=REQUEST | {"received_at": datetime.now(UTC).isoformat()})
    assert entered.status_code == 303, entered.text
    where = entered.headers["location"]
    approved = [client.post(f"{where}/approve").status_code for client in (rana, sana)]
    assert approved == [403, 303]
    receipt = samehand("account", "erase", MIRROR_KEY, "--yes", "--json").figures
    assert "quotes" in {row["kind"] for row in receipt["erased"]}
    [hold] = [row for row in receipt["remains"] if row["kind"] == "holds"]
    assert (hold["reason"], "request 1" in str(hold)) == ("hold", True)
    assert "holds" in kept()
    assert "um4r_valley_media_2" not in amina.get(f"/alerts/{alert.alert_id}").text
    file = sana.post(f"{where}/files", data={"alert_id": alert.alert_id})
    assert file.status_code == 200, file.text
    assert "um4r_valley_media_2" in file.text
    assert "CC/311" in file.text
    assert not [value for value in PRIVATE.values() if value in file.text]
    digest = sha256(file.content).hexdigest()
    assert sana.post(f"{where}/disclose", data={"digest": digest}).status_code == 303
    assert digest in rana.get(where).text

    # The reports have it all.
    report = samehand("report", "operations", "--since", "24h", "--json").figures
    assert (report["alerts"], report["mirrors"]["by_people"]) == (1, 1)
    assert [(row["value"], row["mirror"]) for row in report["tables"]["basis"]] == [("UN", 1)]
    [requests] = report["lawful_requests"]
    figures = [requests[name] for name in ("authority", "disclosed", "late", "accounts", "files")]
    assert figures == ["High Court", 1, 0, 1, 1]
    dsa = report["transparency"]
    assert (dsa["actions"], dsa["left_out"]) == (1, {})
    terms = dsa["parts"]["Part_6_own_initiative_TC"]
    assert len(terms) == 3, "the total, its category and its keyword"

    # The hold ends with the person who says so, and what only it kept is gone.
    assert rana.post(f"{where}/release").status_code == 403, "who entered it ends no hold"
    assert sana.post(f"{where}/release").status_code == 303
    assert "holds" not in kept()
    assert samehand("desk", "audit", "verify").code == 0
    logs = b"".join(log.read_bytes() for log in (platform.log, *tmp_path.glob("*.log")))
    assert not [value for value in PRIVATE.values() if value.encode() in logs]
