"""When what happens: the stream of events."""
