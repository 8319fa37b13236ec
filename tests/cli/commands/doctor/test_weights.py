"""What was adopted on a table of a former release is set aside, and `doctor` says so."""

from __future__ import annotations

from cli.commands.doctor.kafka import of_adopted
from samehand.scoring.adjust import table_digest
from samehand.scoring.weights import default_weights
from schemas.weights import Multiplier, WeightsAdjustment, WeightsAdopted

SHIPPED = default_weights()


def adopted(number: int, base: str | None, digest: str = table_digest(SHIPPED)) -> WeightsAdopted:
    adjustment = None
    if base is not None:
        several = (Multiplier(signal="device", level="same", multiplier=0.9),)
        adjustment = WeightsAdjustment(
            base_version=base,
            base_digest=digest,
            weights_version="learned",
            multipliers=several,
            slope=1.0,
            intercept=0.0,
        )
    return WeightsAdopted(stage="live", number=number, adjustment=adjustment)


def test_what_was_learnt_on_a_former_table_is_told_until_it_is_taken_back() -> None:
    former, here = adopted(1, "2026-11-27.1"), adopted(2, SHIPPED.version)
    (finding,) = of_adopted(SHIPPED, [former])
    assert "learnt on the table 2026-11-27.1" in str(finding)
    (finding,) = of_adopted(SHIPPED, [adopted(1, SHIPPED.version, digest="")])
    assert "it is of a former release" in str(finding)
    assert of_adopted(SHIPPED, [former, here]) == []
    assert of_adopted(SHIPPED, [former, adopted(2, None)]) == []
    assert of_adopted(SHIPPED, [here, former]) == [], "an earlier decision that comes late"
