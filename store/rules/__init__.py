"""The rules of pairs, families and waves, each a strategy in a module of its own, for every store."""
