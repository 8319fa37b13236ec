"""What readers find again: by a search, on an account's page, in the list of decisions."""
