"""What we ask of a Kafka broker, run on every broker that we can start; the table is docs/brokers.md."""
