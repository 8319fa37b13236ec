"""Code that several agents share: decoding, matching, alerts, withdrawals, the context."""
