"""What makes a running worker of the agents."""
