"""What people touch: the command line, the pages, and how alerts and scores are drawn for them."""
