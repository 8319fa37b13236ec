"""Commands for operators of an installation: alerts, reports, secrets, repairs."""
