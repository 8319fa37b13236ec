"""Statements of reasons to the Commission's DSA Transparency Database (Article 24(5) of the DSA).

It follows the database's own application at commit `69e80a0b` of digital-services-act/transparency-database.
"""
