"""A store in memory, which every other store is held to."""
