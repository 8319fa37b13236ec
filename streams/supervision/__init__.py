"""What watches a worker from outside its process, and what is known of one that ended."""
