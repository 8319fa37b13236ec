-- On the banned account's shard. ARGV: epoch, now, marker seconds, account-map buckets, then six for each: banned
-- digest, alert digest, its revision, band rank, whether it is open (`1`), alert. Reopens an alert that a verdict
-- withdrew, whether the withdrawal is published or still owed, or revises one that is open; the open alert is owed from
-- then on. There is no cap, since each takes a person's decision, or is open already. Returns the new revision for each, 0
-- if nothing changed.
room()
local now, seconds, buckets = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local answers = {}

local function one(banned, alert, revision, rank, is_open, blob)
  local name = hex(banned)
  local open = ROOT .. 'o:' .. name
  local stands = call('HGET', open, alert)
  if not in_force(banned, buckets, now) or (stands ~= false) ~= is_open then return 0 end
  local reason, last = owed_of(alert)
  if stands then
    reason, last = 'verdict', (struct.unpack('>I4', stands))
  elseif not reason then
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

for at = 5, #ARGV, 6 do
  local revision, rank = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  answers[#answers + 1] = one(ARGV[at], ARGV[at + 1], revision, rank, ARGV[at + 4] == '1', ARGV[at + 5])
end
return answers
