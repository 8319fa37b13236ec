"""Where people review alerts: pages and an API, decisions, their audit and the database that keeps them."""
