"""What people touch: the command line, the web page and how results are drawn."""
