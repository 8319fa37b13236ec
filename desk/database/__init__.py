"""The desk's own database: SQLite for one process, PostgreSQL for several.

It holds what people decided and what they decided about, and can be filled again from Kafka but for users,
notes and the audit. No fingerprint and no pepper is ever in it.
"""
