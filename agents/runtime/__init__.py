"""Builds and runs the processes of agents: the worker and the bridge."""
