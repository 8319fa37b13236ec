"""What people give commands: files, standard input, single records, and what is wrong with them."""
