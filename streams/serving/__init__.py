"""HTTP servers that a stranger cannot shut: bounds on connections and slow clients, and who asks."""
