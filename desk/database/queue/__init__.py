"""The queue of alerts that wait for a decision, and the views of it that people saved."""
