"""Where fingerprints and recent accounts live: protocols, the reference in memory and Redis; knows no scoring."""
