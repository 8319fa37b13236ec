"""Kafka and Faust: settings, topics, delivery, metrics. It knows nothing of accounts or fingerprints."""
