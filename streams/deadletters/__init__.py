"""Dead letters: records that could not be processed, kept with their address and replayed by hand."""
