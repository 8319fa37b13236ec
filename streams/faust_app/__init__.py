"""The worker's process around Faust."""
