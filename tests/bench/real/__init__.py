"""The bench of real names, on names made up here."""
