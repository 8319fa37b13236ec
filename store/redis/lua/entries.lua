-- On the shard of some keys: adds or removes entries of records in other shards. ARGV: epoch, then five for each: verb
-- (`list`, `again` if it may be listed already, `unlist`), index, time to live in seconds ('' for no end), place, rows
-- of this shard.
room()
for at = 2, #ARGV, 5 do
  local verb, index, ttl = ARGV[at], ROOT .. ARGV[at + 1], tonumber(ARGV[at + 2])
  if verb == 'unlist' then
    unlist_all(index, ARGV[at + 4], ARGV[at + 3])
  else
    list_all(index, ARGV[at + 4], ARGV[at + 3], ttl, verb == 'again', true)
  end
end
return 'OK'
