"""Commands that run a process until it is stopped, and commands that feed the processes."""
