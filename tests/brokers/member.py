"""A group member in a process of its own, to be killed: ``python member.py ADDRESS TOPIC``."""

from __future__ import annotations

import asyncio
import sys

import aiokafka  # type: ignore[import-untyped]  # aiokafka ships no types


async def main(address: str, topic: str) -> None:
    """Join the group named as the topic, say so, and stay."""
    member = aiokafka.AIOKafkaConsumer(
        topic, bootstrap_servers=address, group_id=topic, session_timeout_ms=6_000, heartbeat_interval_ms=500
    )
    await member.start()
    while not member.assignment():
        await member.getmany(timeout_ms=50)
    sys.stdout.write("joined\n")
    sys.stdout.flush()
    await asyncio.sleep(60)  # somebody kills us long before


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
