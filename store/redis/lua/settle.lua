-- ARGV: epoch, marker seconds, account-map buckets, known alerts per ban at most, seconds between two summaries of a
-- ban, then four for each: banned digest, alert digest, revision, and the alert that stays known ('' for none). It is
-- owed no more, unless under another revision. Returns for each 1 if it was owed under this one, else 0.
if emptied() then return redis.error_reply('EMPTIED') end
local seconds, buckets, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local answers = {}

-- Keeps nothing on a ban that was removed meanwhile.
local function keep(banned, alert, entry, reason, at)
  know(banned, alert, entry, reason ~= 'verdict' and at + seconds or nil)
  local stands = map_get(ROOT .. 'b:', banned, buckets)
  if not stands or call('HLEN', ROOT .. 'c:' .. hex(banned)) > most then forget(banned, alert, at) end
end

for at = 6, #ARGV, 4 do
  local banned, alert, revision, entry = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3]
  local reason, last = owed_of(alert)
  local same = reason and last == revision
  if same then
    local _, since = struct.unpack('>I4d', call('HGET', OWED, alert))
    owe_no_more(alert)
    if reason == 'open' then call('SET', ROOT .. 'y:' .. hex(banned), '', 'EX', ARGV[5]) end
    if entry ~= '' then keep(banned, alert, entry, reason, since) end
  end
  answers[#answers + 1] = same and 1 or 0
end
return answers
