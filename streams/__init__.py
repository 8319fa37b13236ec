"""Kafka and Faust: settings, topics, delivery, metrics. Knows nothing of what travels through it."""
