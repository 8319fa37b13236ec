"""Names: what is kept of a handle or a display name, and how alike two of them are."""
