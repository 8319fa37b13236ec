"""What asks Kafka beside the stream itself."""
