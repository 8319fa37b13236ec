-- In the first shard. Who came with new accounts, by the values that these note. ARGV: epoch, minutes of the window, seconds that a bucket is
-- kept, entries per value, entries per bucket, how many others make a wave, how many to return, then three for each
-- account: digest, minute, and a row for each value it notes, those of networks last: group, bucket (4 bytes), print
-- (3 bytes). Returns for each, if enough others share two groups with it, not both of networks, their digests.
local WINDOW, SECONDS, NOTED, LONGEST, OTHERS, MOST =
  tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local ROW, ENTRY, NETWORK = 8, 3 + 3 + 16, 0

-- Notes an account under a value, once, if it is to write; returns the others there, nil for none.
local function note(digest, minute, bucket, print, writes)
  local key = ROOT .. 'w' .. bucket
  local held = call('GET', key) or ''
  local first = 1
  while first <= #held and (u24(held, first + 3) + WINDOW < minute or #held - first >= LONGEST * ENTRY) do
    first = first + ENTRY
  end
  local many, oldest, own, others = 0, nil, false, nil
  local at = aligned(held, print, ENTRY, first)
  while at do
    local other = sub(held, at + 6, at + ENTRY - 1)
    many, oldest = many + 1, oldest or at
    if other == digest then
      own = true
    elseif math.abs(u24(held, at + 3) - minute) <= WINDOW then -- one that came late may stand behind later ones
      others = others or {}
      others[#others + 1] = other
    end
    at = aligned(held, print, ENTRY, at + ENTRY)
  end
  if own or not writes then return others end
  local entry = print .. to24(minute) .. digest
  if many >= NOTED then
    held = sub(held, first, oldest - 1) .. sub(held, oldest + ENTRY) .. entry
    call('SET', key, held, 'EX', SECONDS)
  elseif first > 1 or held == '' then
    call('SET', key, sub(held, first) .. entry, 'EX', SECONDS)
  else
    call('APPEND', key, entry)
  end
  return others
end

local function one(digest, minute, rows, writes)
  local groups, any = {}, false
  for at = 1, #rows, ROW do
    local group = byte(rows, at)
    local others = note(digest, minute, sub(rows, at + 1, at + 4), sub(rows, at + 5, at + 7), writes)
    if others and (any or group ~= NETWORK) then
      any = true
      for _, other in ipairs(others) do
        local known = groups[other]
        if not known and group ~= NETWORK then
          known = {n = 0}
          groups[other] = known
        end
        if known and not known[group] then
          known[group] = true
          known.n = known.n + 1
        end
      end
    end
  end
  if not any then return '' end
  local found = {}
  for other, known in pairs(groups) do
    if known.n >= 2 then found[#found + 1] = other end
  end
  if #found < OTHERS then return '' end
  table.sort(found, function(a, b)
    if groups[a].n ~= groups[b].n then return groups[a].n > groups[b].n end
    return a < b
  end)
  return table.concat(found, '', 1, math.min(#found, MOST))
end

local function company(writes)
  local answers = {}
  for at = 8, #ARGV, 3 do
    answers[#answers + 1] = one(ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], writes)
  end
  return answers
end
