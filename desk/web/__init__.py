"""The desk in a browser: pages and a JSON API over `desk.review`. Handlers hold no rule of their own."""
