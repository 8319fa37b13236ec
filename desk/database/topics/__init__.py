"""What Kafka's topics said last and how far they were read, and the verdicts on their way there."""
