-- ARGV: epoch, marker seconds, now, then four for each published alert: alert digest, claim, revision, and whether this
-- shard is the alert's too (`1`). Confirms the alert if that claim still holds under that revision, and notes it as
-- unjudged if the shard is its own; returns for each 1, else 0.
local seconds = tonumber(ARGV[2])
local answers = {}
for at = 4, #ARGV, 4 do
  local key = ROOT .. 's:' .. hex(ARGV[at])
  local revision, noted, confirmed, claimed, since = pair_get(key)
  local same = revision == tonumber(ARGV[at + 2]) and claimed == ARGV[at + 1]
  if same then
    pair_put(key, revision, noted, math.max(noted, confirmed), claimed, since, seconds)
    if ARGV[at + 3] == '1' then call('ZADD', ROOT .. 'unjudged', 'NX', ARGV[3], ARGV[at]) end
  end
  answers[#answers + 1] = same and 1 or 0
end
return answers
