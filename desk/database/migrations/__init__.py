"""Alembic's folder: what brings the tables of an earlier version to this one."""
