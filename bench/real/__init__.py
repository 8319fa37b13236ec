"""Real names, which the project neither holds nor needs: what samehand makes of them."""
