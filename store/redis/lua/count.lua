-- ARGV: epoch, the latest event's moment, columns per row of the sketch, strata at most, platforms at most, the platforms
-- where accounts sign up with how many ("x 3 y 1"), all values in one string (28 bytes each: 4 columns and 3 places in the
-- filter, big-endian u32), then two for each account: the name of its stratum, and its filter places in 12 bytes.
room()
local columns, strata, values = tonumber(ARGV[3]), tonumber(ARGV[4]) + 1, ARGV[7]
local SKETCH, FILTER, NAMES, LATEST = ROOT .. 'o', ROOT .. 'w', ROOT .. 'n', ROOT .. 'u'

-- Noted before anything is counted, so that no counted event is later than the noted moment.
if tonumber(ARGV[2]) > tonumber(call('GET', LATEST) or 0) then call('SET', LATEST, ARGV[2]) end

local AT_ONCE = 64 -- values per round, which takes three commands
local format = string.format -- Redis formats numbers that a script passes more slowly

-- The offsets of those of several filter places (12 bytes each) that were not all set; sets them.
local function unseen(s, offsets)
  local ask, fresh, n = {}, {}, 0
  for i = 1, #offsets do
    local a, b, c = struct.unpack('>I4I4I4', s, offsets[i])
    ask[n + 1], ask[n + 2], ask[n + 3], ask[n + 4] = 'SET', 'u1', format('%d', a), '1'
    ask[n + 5], ask[n + 6], ask[n + 7], ask[n + 8] = 'SET', 'u1', format('%d', b), '1'
    ask[n + 9], ask[n + 10], ask[n + 11], ask[n + 12] = 'SET', 'u1', format('%d', c), '1'
    n = n + 12
  end
  local was = call('BITFIELD', FILTER, unpack(ask))
  n = 0
  for i = 1, #offsets do
    if was[3 * i - 2] + was[3 * i - 1] + was[3 * i] < 3 then
      n = n + 1
      fresh[n] = offsets[i]
    end
  end
  return fresh
end

-- Conservative update: only the least of a value's four cells grow, so that collisions add as little as possible. A
-- round reads and writes each cell once; in between the counts are kept here.
local function count(offsets)
  local names, ask, cells, n = {}, {}, {}, 0
  for i = 1, #offsets do
    local a, b, c, d = struct.unpack('>I4I4I4I4', values, offsets[i])
    names[n + 1], names[n + 2], names[n + 3], names[n + 4] =
      format('#%d', a), format('#%d', columns + b), format('#%d', 2 * columns + c), format('#%d', 3 * columns + d)
    n = n + 4
  end
  for i = 1, n do
    ask[3 * i - 2], ask[3 * i - 1], ask[3 * i] = 'GET', 'u32', names[i]
  end
  local was = call('BITFIELD', SKETCH, unpack(ask))
  for i = 1, n do cells[names[i]] = was[i] end
  local grown = {}
  for i = 1, n, 4 do
    local a, b, c, d = names[i], names[i + 1], names[i + 2], names[i + 3]
    local at_a, at_b, at_c, at_d = cells[a], cells[b], cells[c], cells[d]
    local least = math.min(at_a, at_b, at_c, at_d)
    local more = least + 1
    if at_a == least then cells[a], grown[a] = more, more end
    if at_b == least then cells[b], grown[b] = more, more end
    if at_c == least then cells[c], grown[c] = more, more end
    if at_d == least then cells[d], grown[d] = more, more end
  end
  local put = {}
  n = 0
  for name, cell in pairs(grown) do
    put[n + 1], put[n + 2], put[n + 3], put[n + 4] = 'SET', 'u32', name, format('%d', cell)
    n = n + 4
  end
  call('BITFIELD', SKETCH, unpack(put))
end

for first = 1, #values, 28 * AT_ONCE do
  local filters, fresh = {}, {}
  for at = first, math.min(first + 28 * AT_ONCE, #values + 1) - 1, 28 do filters[#filters + 1] = at + 16 end
  for _, at in ipairs(unseen(values, filters)) do fresh[#fresh + 1] = at - 16 end
  if #fresh > 0 then count(fresh) end
end

-- Counts every account (`#`), and those not seen before, in all and in each stratum. Strata beyond the cap are not
-- counted.
local places, names, tally = {}, {}, {}
for at = 8, #ARGV, 2 do
  names[#names + 1] = ARGV[at]
  places[#places + 1] = ARGV[at + 1]
end
local joined, offsets, all = table.concat(places), {}, 0
for i = 1, #names do offsets[i] = 12 * i - 11 end
for first = 1, #offsets, AT_ONCE do
  local some = {unpack(offsets, first, math.min(first + AT_ONCE - 1, #offsets))}
  for _, at in ipairs(unseen(joined, some)) do
    local name = names[(at + 11) / 12]
    tally[name] = (tally[name] or 0) + 1
    all = all + 1
  end
end
if all > 0 then call('HINCRBY', NAMES, '', all) end

local function add(name, accounts, most)
  if call('HEXISTS', NAMES, name) == 1 or call('HLEN', NAMES) < most then call('HINCRBY', NAMES, name, accounts) end
end
for name, accounts in pairs(tally) do add(name, accounts, strata) end
for platform, accounts in string.gmatch(ARGV[6], '(%S+) (%d+)') do add('#' .. platform, accounts, strata + ARGV[5]) end
return 'OK'
