"""Pictures by their perceptual hash."""
