"""Alerts listed and verdicts given from Kafka, for operators without a desk."""
