"""A desk that sends again what nobody confirmed after 2 s, where the product waits for a minute."""

from __future__ import annotations

import desk.feed.publish
from cli.main import main

if __name__ == "__main__":
    desk.feed.publish.AGAIN_SECONDS = 2.0  # type: ignore[misc]  # from the test's side: the product has no switch
    main()
