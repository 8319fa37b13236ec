"""Doctor: checks settings, Redis and Kafka, and says what to do about what it finds."""

from cli.maintain.doctor.run import command

__all__ = ["command"]
