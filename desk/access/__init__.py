"""Who is who: passwords, one-time links, single sign-on, sessions."""
