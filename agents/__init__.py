"""One verb on one stream each: screen, enrol, lookback, judge, expunge; they do not know each other."""
