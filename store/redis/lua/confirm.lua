-- ARGV: epoch, now, marker seconds, alert digests: what was noted of them was published.
if emptied() then return redis.error_reply('EMPTIED') end
local now, seconds = tonumber(ARGV[2]), tonumber(ARGV[3])
for at = 4, #ARGV do
  local key = ROOT .. 's:' .. hex(ARGV[at])
  local marker = call('GET', key)
  if marker then
    local revision, noted, confirmed, over = string.match(marker, '^(%S+) (%S+) (%S+) (%S+)$')
    if tonumber(over) > now then
      local rank = math.max(tonumber(noted), tonumber(confirmed))
      call('SET', key, string.format('%s %s %d %.17g', revision, noted, rank, now + seconds), 'EX', seconds)
    end
  end
end
return 'OK'
