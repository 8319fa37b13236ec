"""What crosses the wire: records as frozen structs, and decoders that give a record or a reason.

This room knows nothing of matching, Kafka or Redis. `wire` is its door; `decoding/` repairs what arrives;
`mapping/` reads other people's records and CSV; `internal/` holds the records that only samehand's own
processes exchange. `examples` shows each record; `json/` holds the JSON Schema of each topic, generated from
the structs by `python -m schemas.generate`.
"""
