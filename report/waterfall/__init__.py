"""An alert's evidence, step by step: from the prior over each line to the sum."""
