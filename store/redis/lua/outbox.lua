-- What is owed to consumers (alert_dedup.py): one step withdraws an alert and notes its withdrawal here. The hash
-- `owed` holds for each alert `revision at banned reason blob` (an open summary has the reason `open`, a reopened alert
-- `again`, one that is known no more `forgotten`), the sorted set `due` since when it is owed.
local OWED, DUE = ROOT .. 'owed', ROOT .. 'due'
local DIGEST = 16
-- Reasons after which a verdict may still come, or another reason (alert_dedup.py: KNOWN_ON).
local KNOWN = {verdict = true, superseded = true, ['account-banned'] = true, ['no-longer-resembles'] = true}
local HEAD_BYTES = 4 + 8 + DIGEST

local function owe(alert, banned, revision, reason, at, blob)
  call('HSET', OWED, alert, struct.pack('>I4d', revision, at) .. banned .. reason .. ' ' .. blob)
  call('ZADD', DUE, at, alert)
end

-- What is owed for an alert: the reason, the revision and the packed alert; nil if nothing is.
local function owed_of(alert)
  local owed = call('HGET', OWED, alert)
  if not owed then return nil end
  local space = string.find(owed, ' ', HEAD_BYTES + 1, true)
  return sub(owed, HEAD_BYTES + 1, space - 1), (struct.unpack('>I4', owed)), sub(owed, space + 1)
end

local function owe_no_more(alert)
  if call('HDEL', OWED, alert) == 1 then call('ZREM', DUE, alert) end
end

-- An open alert is kept for as long as its ban.
local function open_put(key, alert, revision, blob)
  local new = call('HSET', key, alert, struct.pack('>I4', revision) .. blob) == 1
  call('EXPIRE', key, LASTING)
  return new
end

-- The counts of a ban have changed: its summary is owed under a higher revision. `h0` names the summary.
local function sum_up(banned, summary, blob, now, seconds)
  if summary == '' then return end
  local name = hex(banned)
  local open, key = ROOT .. 'o:' .. name, ROOT .. 's:' .. hex(summary)
  local known = pair_get(key) or 0
  local entry = call('HGET', open, summary)
  local revision = next_revision(math.max(known, entry and struct.unpack('>I4', entry) or 0), now)
  pair_put(key, revision, 0, 0, '-', 0, seconds)
  open_put(open, summary, revision, blob)
  call('SET', ROOT .. 'h0:' .. name, summary, 'EX', LASTING)
  owe(summary, banned, revision, 'open', now, blob)
end

-- The same for a ban of which pairs are withheld, after an alert on it was opened or withdrawn.
local function sum_up_again(banned, now, seconds)
  local name = hex(banned)
  if call('EXISTS', ROOT .. 'h1:' .. name, ROOT .. 'h2:' .. name) == 0 then return end
  local summary = call('GET', ROOT .. 'h0:' .. name)
  local entry = summary and call('HGET', ROOT .. 'o:' .. name, summary)
  if entry then sum_up(banned, summary, sub(entry, 5), now, seconds) end
end

-- Withdrawn alerts of which somebody may still decide or forget something are known (`c:`) for as long as their ban.
local function know(banned, alert, entry)
  local known = ROOT .. 'c:' .. hex(banned)
  call('HSET', known, alert, entry)
  call('EXPIRE', known, LASTING)
end

-- Returns the entry, nil if the alert was not known.
local function know_no_more(banned, alert)
  local known = ROOT .. 'c:' .. hex(banned)
  local entry = call('HGET', known, alert)
  if not entry then return nil end
  call('HDEL', known, alert)
  return entry
end

-- Withdraws an alert that is open or known, given as stored; the caller removes it from there.
local function withdraw(banned, alert, entry, reason, now, seconds)
  local key = ROOT .. 's:' .. hex(alert)
  local known, _, _, claim, since = pair_get(key)
  local revision = next_revision(math.max(known or 0, (struct.unpack('>I4', entry))), now)
  pair_put(key, revision, -1, -1, claim or '-', since or 0, seconds)
  owe(alert, banned, revision, reason, now, sub(entry, 5))
  if KNOWN[reason] then know(banned, alert, struct.pack('>I4', revision) .. sub(entry, 5)) end
end

-- The alert is known no more: the topic of states is owed that.
local function forget(banned, alert, now)
  local entry = know_no_more(banned, alert)
  if entry then owe(alert, banned, (struct.unpack('>I4', entry)), 'forgotten', now, sub(entry, 5)) end
end

-- Withdraws every alert on a ban that is removed, and once more those that were withdrawn before.
local function withdraw_all(banned, reason, now, seconds)
  local name = hex(banned)
  for _, key in ipairs({ROOT .. 'o:' .. name, ROOT .. 'c:' .. name}) do
    local found = call('HGETALL', key)
    for at = 1, #found, 2 do withdraw(banned, found[at], found[at + 1], reason, now, seconds) end
    call('DEL', key)
  end
  call('DEL', ROOT .. 'h0:' .. name, ROOT .. 'h1:' .. name, ROOT .. 'h2:' .. name)
end
