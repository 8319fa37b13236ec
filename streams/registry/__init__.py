"""Avro and Protobuf in Confluent's wire format, with schemas from a registry: the extra `registry`."""
