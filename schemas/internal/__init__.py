"""Records that only samehand's own processes write and read: the desk, the gates, the workers, `enrol`."""
