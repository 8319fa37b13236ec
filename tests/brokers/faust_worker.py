"""A Faust worker that copies one topic to another: ``python faust_worker.py ADDRESS NAME IN OUT FOLDER``.

Each copy's key is the worker's NAME, so that a test sees who worked.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import faust


def build(address: str, name: str, source: str, target: str, folder: str) -> faust.App:
    """The app: at least once, each copy acknowledged by the broker before its event is."""
    app = faust.App(
        f"{source}-group",
        broker=f"kafka://{address}",
        store="memory://",
        datadir=folder,
        web_enabled=False,
        topic_disable_leader=True,
        broker_session_timeout=6,
        broker_heartbeat_interval=1,
        broker_rebalance_timeout=6,
        broker_commit_interval=0.2,
        broker_max_poll_interval=10**8,
        stream_wait_empty=True,
        producer_acks=-1,
    )
    read = app.topic(source, value_serializer="raw", value_type=bytes, key_type=bytes)
    write = app.topic(target, value_serializer="raw", value_type=bytes, key_type=bytes)

    @app.agent(read, name="copy")
    async def copy(stream: Any) -> None:
        async for event in stream.noack().events():
            sent = await write.send(key=name.encode(), value=event.value)
            await sent
            event.ack()

    return app


def main(address: str, name: str, source: str, target: str, folder: str) -> None:
    """Run the worker until a signal ends it."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app = build(address, name, source, target, folder)
    faust.Worker(app, loop=loop, loglevel="WARN").execute_from_commandline()


if __name__ == "__main__":
    main(*sys.argv[1:])
