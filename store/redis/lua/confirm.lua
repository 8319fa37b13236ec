-- ARGV: epoch, marker seconds, then three for each published alert: alert digest, claim, revision. Confirms the
-- alert if that claim still holds under that revision; returns for each 1, else 0.
if emptied() then return redis.error_reply('EMPTIED') end
local seconds = tonumber(ARGV[2])
local answers = {}
for at = 3, #ARGV, 3 do
  local key = ROOT .. 's:' .. hex(ARGV[at])
  local revision, noted, confirmed, claimed, since = pair_get(key)
  local same = revision == tonumber(ARGV[at + 2]) and claimed == ARGV[at + 1]
  if same then pair_put(key, revision, noted, math.max(noted, confirmed), claimed, since, seconds) end
  answers[#answers + 1] = same and 1 or 0
end
return answers
