"""What decoys buy (docs/security.md, "The farm that poisons counters")."""

from __future__ import annotations

import pytest

from tests.agents.conftest import Life
from tests.agents.decoying import BAN, MIRROR, RULES, accounts, decoys, gone, open_alerts, summaries


@pytest.mark.parametrize("network", ["39.40.1.2", "185.12.9.4"], ids=["own network", "another network"])
@pytest.mark.parametrize("when", ["before", "after", "never"])
@pytest.mark.parametrize("count", [49, 50, 89, 90, 600])
async def test_decoys_hide_a_mirror_for_as_long_as_they_are_kept_and_no_longer(
    life: Life, count: int, when: str, network: str
) -> None:
    several = decoys(count, network)
    await life.tell(life.screen, *several[::2], MIRROR, *several[1::2])
    if when == "before":
        await gone(life, several)
    await life.ban(BAN)
    await life.relay()
    if when == "after":
        await gone(life, several)
    alerted = accounts(life)
    assert len(alerted) <= RULES.alerts_a_cluster
    if when != "never":
        assert alerted == {"99"}
    elif count <= 89:
        assert alerted == {"99", *(one.account.account_id for one in several)}
    else:
        assert len(alerted) >= 89
        kept_back = [alert.not_compared for alert in open_alerts(life).values()]
        withheld = sum(one.withheld for one in summaries(life)[-1:])
        assert "99" in alerted or min(kept_back) + withheld > 0, "nobody is hidden without a word of it"
