"""Pages for people: the overview of one worker, served beside its `/metrics`.

It reads the worker's own metrics and shows no account, no alert and no personal value.
"""
