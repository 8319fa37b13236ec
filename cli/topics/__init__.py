"""Topics that commands read: bans, what a rebuild needs beside them, scanned accounts, and alerts."""
