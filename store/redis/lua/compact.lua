-- After bans in bulk. ARGV: epoch, index, shards, number of this shard's first posting and of its first account map, how
-- many of each. Writes these whole, so that Redis keeps them at their exact size: APPEND reserves as much again.
room()
local index, shards, posting, map = ROOT .. ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

local function whole(key)
  local value = call('GET', key)
  if value then call('SET', key, value, 'KEEPTTL') end
end

for at = 0, tonumber(ARGV[6]) - 1 do whole(index .. 'p' .. struct.pack('>I4', posting + at * shards)) end
for at = 0, tonumber(ARGV[7]) - 1 do whole(string.format('%sa%x', index, map + at)) end
return 'OK'
