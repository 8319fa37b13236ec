-- On the banned account's shard. ARGV: epoch, now, marker seconds, then two for each: banned digest, alert digest.
-- Counts no such pair as withheld any more; where one was, the ban's summary is owed with its new counts.
room()
local now, seconds = tonumber(ARGV[2]), tonumber(ARGV[3])
for at = 4, #ARGV, 2 do
  local banned, alert = ARGV[at], ARGV[at + 1]
  local name = hex(banned)
  local withheld = call('HDEL', ROOT .. 'h1:' .. name, alert) + call('HDEL', ROOT .. 'h2:' .. name, alert)
  local summary = withheld > 0 and call('GET', ROOT .. 'h0:' .. name)
  local entry = summary and call('HGET', ROOT .. 'o:' .. name, summary)
  if entry then sum_up(banned, summary, sub(entry, 5), now, seconds) end
end
return 'OK'
