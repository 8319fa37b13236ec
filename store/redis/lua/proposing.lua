-- The ruling on a proposal, on the banned account's shard; the rules are those of alert_dedup.py. ARGV of each script that
-- includes this: epoch, now, marker seconds, account-map buckets, claim seconds, open alerts at most, counted pairs at
-- most. `how`: `tell`: publish; `again`: only if noted before; `count`: the same, and count it otherwise; `full`: only
-- if open, and count it otherwise.
local now, seconds, buckets = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local claim_seconds, most, counted_most = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local function counted(name, rank)
  return ROOT .. 'h' .. rank .. ':' .. name
end

local function withhold(banned, alert, rank, summary, blob)
  local name = hex(banned)
  local here, there = counted(name, rank), counted(name, rank == 2 and 1 or 2)
  local known = call('HDEL', there, alert) == 1
  if not known and call('HLEN', here) + call('HLEN', there) >= counted_most then return end
  if call('HSET', here, alert, '') == 1 then
    call('EXPIRE', here, seconds)
    sum_up(banned, summary, blob, now, seconds)
  end
end

local function note(banned, alert, revision, blob, summary, summary_blob)
  local name = hex(banned)
  local open = ROOT .. 'o:' .. name
  local new = open_put(open, alert, revision, blob)
  know_no_more(banned, alert)
  if owed_of(alert) then owe(alert, banned, revision, 'again', now, blob) end
  if call('HDEL', counted(name, 1), alert) + call('HDEL', counted(name, 2), alert) > 0 then
    sum_up(banned, summary, summary_blob, now, seconds)
  elseif new then
    sum_up_again(banned, now, seconds)
  end
end

local function proposed(banned, alert, rank, claim, how, blob, summary, summary_blob)
  if not in_force(banned, buckets, now) then return 'not-banned', 0 end
  local key, open = ROOT .. 's:' .. hex(alert), ROOT .. 'o:' .. hex(banned)
  local entry = call('HGET', open, alert)
  local is_open = entry ~= false
  local revision, noted, confirmed, claimed, since = pair_get(key)
  if not revision then revision, noted, confirmed = is_open and struct.unpack('>I4', entry) or 0, -1, -1 end
  if (how == 'again' or how == 'count') and not (claimed == claim and confirmed < noted) then
    if is_open or how == 'again' then return 'duplicate', 0 end
    withhold(banned, alert, rank, summary, summary_blob)
    return 'withheld', 0
  end
  local again = confirmed < noted and rank <= noted
  local anothers = again and claimed ~= claim and now < since + claim_seconds
  if anothers or rank <= confirmed then return 'duplicate', 0 end
  local told = call('HLEN', open)
  if summary ~= '' then told = told - call('HEXISTS', open, summary) end
  if not is_open and (how == 'full' or told >= most) then
    withhold(banned, alert, rank, summary, summary_blob)
    return 'withheld', 0
  end
  if not again then revision = next_revision(revision, now) end
  pair_put(key, revision, rank, confirmed, claim, now, seconds)
  note(banned, alert, revision, blob, summary, summary_blob)
  return 'publish', revision
end
