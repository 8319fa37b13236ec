"""HTTP requests to addresses that other people name."""
