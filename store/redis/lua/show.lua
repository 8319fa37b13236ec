-- On the account's shard. ARGV: epoch, `q:` (what alerts on an account showed) or `i:` (what explains those on a ban), how many
-- alerts at most (no expiry: people make dismissals, and each alert has one), then three for each: its digest, of a ban its tag,
-- the id of an alert, and what it showed, packed ('' forgets it).
-- A tag is the first four bytes of a digest, as records have it: of a million bans two share one's count of dismissals once in
-- some thousand stores.
room()
for at = 4, #ARGV, 3 do
  local key = ROOT .. ARGV[2] .. hex(ARGV[at])
  if ARGV[at + 2] == '' then
    call('HDEL', key, ARGV[at + 1])
  elseif call('HLEN', key) < tonumber(ARGV[3]) or call('HEXISTS', key, ARGV[at + 1]) == 1 then
    call('HSET', key, ARGV[at + 1], ARGV[at + 2])
  end
end
return 'OK'
