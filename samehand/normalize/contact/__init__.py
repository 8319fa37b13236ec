"""Contact points in free text: addresses, numbers and links, however they are disguised."""
