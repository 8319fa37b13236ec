-- On the banned account's shard. ARGV: epoch, now, marker seconds, account-map buckets, then five for each: banned
-- digest, alert digest, the revision under which it was withdrawn, band rank, alert. Reopens an alert that a verdict
-- withdrew, whether the withdrawal is published or still owed; the open alert is owed from then on. There is no cap,
-- since each takes a person's decision. Returns the new revision for each, 0 if nothing changed.
room()
local now, seconds, buckets = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local answers = {}

local function one(banned, alert, revision, rank, blob)
  local name = hex(banned)
  local open = ROOT .. 'o:' .. name
  if not in_force(banned, buckets, now) or call('HEXISTS', open, alert) == 1 then return 0 end
  local reason, last = owed_of(alert)
  if not reason then
    local entry = call('HGET', ROOT .. 'c:' .. name, alert)
    reason, last = 'verdict', entry and struct.unpack('>I4', entry)
  end
  if reason ~= 'verdict' or last ~= revision then return 0 end
  local key = ROOT .. 's:' .. hex(alert)
  local before, _, _, claim, since = pair_get(key)
  revision = next_revision(math.max(before or 0, revision), now)
  pair_put(key, revision, rank, rank, claim or '-', since or 0, seconds)
  open_put(open, alert, revision, blob)
  know_no_more(banned, alert)
  sum_up_again(banned, now, seconds)
  owe(alert, banned, revision, 'again', now, blob)
  return revision
end

for at = 5, #ARGV, 5 do
  local revision, rank = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  answers[#answers + 1] = one(ARGV[at], ARGV[at + 1], revision, rank, ARGV[at + 4])
end
return answers
