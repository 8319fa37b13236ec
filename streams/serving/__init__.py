"""HTTP servers that a stranger cannot shut: bounds on connections, on slow clients, and who is behind a proxy."""
