"""Telemetry: metrics, traces, logs, health and the watchdog."""
