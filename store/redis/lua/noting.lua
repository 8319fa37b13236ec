-- Under the first tag. Who came with new accounts, by the values that these note. ARGV: epoch, `reads` or `writes`, minutes
-- of the window, seconds that a bucket is kept, entries per value, entries per bucket, how many others make a wave, how many
-- to return, then three for each account: digest, minute, and a row for each value it notes, those of networks last: group,
-- bucket (4 bytes), print (3 bytes). Returns for each, if enough others share two groups with it, not both of networks,
-- their digests.
local WRITES = ARGV[2] == 'writes'
if WRITES then room() end
local WINDOW, SECONDS, NOTED, LONGEST, OTHERS, MOST =
  tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local ROW, ENTRY, NETWORK = 8, 3 + 3 + 16, 0

local function u24(s, i)
  local a, b, c = byte(s, i, i + 2)
  return a * 65536 + b * 256 + c
end

local function to24(n)
  local low = n % 65536
  return char((n - low) / 65536, (low - low % 256) / 256, low % 256)
end

-- The position of a pattern in a packed string, at a multiple of the width; nil if there is none.
local function aligned(s, pattern, width, from)
  local i = string.find(s, pattern, from or 1, true)
  while i do
    local off = (i - 1) % width
    if off == 0 then return i end
    i = string.find(s, pattern, i + 1, true)
  end
end

-- Notes an account under a value, once, if it is to write; returns the others there, nil for none.
local function note(digest, minute, bucket, print)
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
  if own or not WRITES then return others end
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

local function one(digest, minute, rows)
  local groups, any = {}, false
  for at = 1, #rows, ROW do
    local group = byte(rows, at)
    local others = note(digest, minute, sub(rows, at + 1, at + 4), sub(rows, at + 5, at + 7))
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

local answers = {}
for at = 9, #ARGV, 3 do answers[#answers + 1] = one(ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2]) end
return answers
