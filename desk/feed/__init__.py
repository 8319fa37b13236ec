"""What comes to the desk from Kafka and what leaves it: alerts and verdicts in, verdicts and audit out."""
