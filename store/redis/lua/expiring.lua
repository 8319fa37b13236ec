-- ARGV: epoch, now, how many. Answers digests of bans that have expired.
if emptied() then return redis.error_reply('EMPTIED') end
return call('ZRANGEBYSCORE', ROOT .. 'x', '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])
