"""Tables that were learnt, and decisions about them, in which a test states only what matters."""

from __future__ import annotations

from msgspec.structs import replace

from desk.review import weights
from desk.review.readers import Reader
from desk.review.weights import Standing, standing
from samehand.scoring.weights import Weights, default_weights
from tests.desk.people import Office

SHIPPED = default_weights()


def learned(version: str = "learned-1", base: Weights = SHIPPED, **multipliers: float) -> Weights:
    """A table in which some signals weigh so many times what they did."""
    signals = {
        name: replace(one, multiplier=one.multiplier * multipliers.get(name, 1.0))
        for name, one in base.signals.items()
    }
    return replace(base, version=version, signals=signals)


async def holding(office: Office) -> Standing:
    """What holds now."""
    async with office.database.read() as connection:
        return await standing(connection)


async def tried(office: Office, lead: Reader, table: Weights) -> None:
    """A table that is in shadow now."""
    knowing = (await holding(office)).newest
    async with office.database.begin() as connection:
        await weights.try_in_shadow(
            connection,
            lead,
            table,
            office.desk.base,
            reason="it tells more",
            knowing=knowing,
            figures={"labels": 40, "as_of": office.clock()},
            now=office.clock(),
        )


async def adopted(office: Office, lead: Reader, table: Weights) -> None:
    """A table that was in shadow and is in force now."""
    await tried(office, lead, table)
    await put_in_force(office, lead)


async def put_in_force(office: Office, lead: Reader, *, shadow_hours: float = 0.0) -> None:
    """What is in shadow is in force now."""
    knowing = (await holding(office)).newest
    async with office.database.begin() as connection:
        await weights.put_in_force(
            connection,
            lead,
            office.desk.base,
            reason="it held",
            knowing=knowing,
            figures={},
            shadow_hours=shadow_hours,
            now=office.clock(),
        )


async def rolled_back(office: Office, lead: Reader) -> None:
    """What was in force before is so again."""
    knowing = (await holding(office)).newest
    async with office.database.begin() as connection:
        await weights.roll_back(connection, lead, office.desk.base, knowing=knowing, now=office.clock())
