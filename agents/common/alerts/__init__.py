"""Alerts: composed from a scored pair, proposed to the store, superseded, withdrawn, and known again."""
