"""Clients of Kafka beside the stream itself."""
