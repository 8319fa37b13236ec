-- ARGV: epoch, marker seconds, account-map buckets, known alerts per ban at most, seconds between two summaries of a
-- ban, then four for each: banned digest, alert digest, revision, and the alert that stays known ('' for none). It is
-- owed no more, unless under another revision. Returns for each 1 if it was owed under this one, else 0.
if emptied() then return redis.error_reply('EMPTIED') end
local seconds, buckets, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local answers = {}

-- Keeps nothing of a banned account that was removed meanwhile.
local function keep(banned, alert, entry)
  local known = ROOT .. 'c:' .. hex(banned)
  if entry == '' or not map_get(ROOT .. 'b:', banned, buckets) or call('HLEN', known) >= most then return end
  call('HSET', known, alert, entry)
  call('EXPIRE', known, seconds)
end

for at = 6, #ARGV, 4 do
  local banned, alert, revision = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local owed = call('HGET', OWED, alert)
  local same = owed and struct.unpack('>I4', owed) == revision
  if same then
    owe_no_more(alert)
    if sub(owed, HEAD_BYTES + 1, HEAD_BYTES + 5) == 'open ' then
      call('SET', ROOT .. 'y:' .. hex(banned), '', 'EX', ARGV[5])
    end
    keep(banned, alert, ARGV[at + 3])
  end
  answers[#answers + 1] = same and 1 or 0
end
return answers
