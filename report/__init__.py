"""Drawing for people, in a terminal or on a page: alerts, evidence and a worker's own figures."""
