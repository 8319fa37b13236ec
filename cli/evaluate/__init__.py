"""Commands that show what samehand would find, before anything is deployed."""
