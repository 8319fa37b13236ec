"""How events move: settings, topics, delivery and metrics around Faust; knows not what a fingerprint is."""
