"""The quarantine of values by leads, as this process follows it."""
