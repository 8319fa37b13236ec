"""What leads decided about scoring, as this process follows it: weights and quarantine."""
