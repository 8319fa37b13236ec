"""How banned people come back: what they change, and who merely looks like them."""
