"""From a foreign record to one of ours, by a table instead of code.

An operator's TOML file says of each foreign topic in which format its records come, which of ours each
becomes, and where each field stands (JMESPath). :mod:`schemas.mapping.compiler` reads the file once, and
whatever is wrong in it is named by line and field; :mod:`schemas.mapping.mapper` turns records into ours.
Both are pure.

The parts: `expression` (JMESPath) and `fields` (ours) → `convert` (values) → `formats` (envelopes) → `mapper`
→ `compiler`.
"""
