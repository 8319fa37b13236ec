"""People who never existed: names, devices, networks, pictures and words."""
