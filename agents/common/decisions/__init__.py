"""What people decided, as agents use it."""
