-- ARGV: epoch, now, columns a row of the sketch, strata at most, then values of 28 bytes each (4 columns, 3 places in
-- the filter, big-endian u32), then stratum names with 12 bytes of filter places of their account, in turn.
if emptied() then return redis.error_reply('EMPTIED') end
room()
local columns, strata, values = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local SKETCH, FILTER, NAMES = ROOT .. 'o', ROOT .. 'w', ROOT .. 'n'

local AT_ONCE = 64 -- values of one round: three commands for all of them

-- Which of several filter places (12 bytes each, at these offsets) had not all been seen; they have now.
local function unseen(s, offsets)
  local ask, fresh = {}, {}
  for _, at in ipairs(offsets) do
    for place = at, at + 8, 4 do
      ask[#ask + 1] = 'SET'; ask[#ask + 1] = 'u1'; ask[#ask + 1] = struct.unpack('>I4', s, place); ask[#ask + 1] = 1
    end
  end
  local was = call('BITFIELD', FILTER, unpack(ask))
  for i = 1, #offsets do
    if was[3 * i - 2] + was[3 * i - 1] + was[3 * i] < 3 then fresh[#fresh + 1] = offsets[i] end
  end
  return fresh
end

-- Conservative update: only the least of a value's four cells grows, so that collisions add as little as
-- they can. Cells are read once and written once a round; in between they are counted here.
local function count(offsets)
  local names, ask, cells = {}, {}, {}
  for _, at in ipairs(offsets) do
    for row = 0, 3 do
      local cell = row * columns + struct.unpack('>I4', values, at + row * 4)
      names[#names + 1] = cell
      ask[#ask + 1] = 'GET'; ask[#ask + 1] = 'u32'; ask[#ask + 1] = string.format('#%d', cell)
    end
  end
  for i, value in ipairs(call('BITFIELD', SKETCH, unpack(ask))) do cells[names[i]] = value end
  local grown = {}
  for i = 1, #names, 4 do
    local a, b, c, d = names[i], names[i + 1], names[i + 2], names[i + 3]
    local least = math.min(cells[a], cells[b], cells[c], cells[d])
    for cell = i, i + 3 do
      if cells[names[cell]] == least then
        cells[names[cell]] = least + 1
        grown[names[cell]] = true
      end
    end
  end
  local put = {}
  for cell in pairs(grown) do
    put[#put + 1] = 'SET'; put[#put + 1] = 'u32'; put[#put + 1] = string.format('#%d', cell)
    put[#put + 1] = string.format('%d', cells[cell])
  end
  call('BITFIELD', SKETCH, unpack(put))
end

for first = 1, #values, 28 * AT_ONCE do
  local filters, fresh = {}, {}
  for at = first, math.min(first + 28 * AT_ONCE, #values + 1) - 1, 28 do filters[#filters + 1] = at + 16 end
  for _, at in ipairs(unseen(values, filters)) do fresh[#fresh + 1] = at - 16 end
  if #fresh > 0 then count(fresh) end
end

-- Accounts: how many, and how many of each stratum. A stratum beyond the most that are kept is not counted.
local places, names, tally = {}, {}, {}
for at = 6, #ARGV, 2 do
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
for name, accounts in pairs(tally) do
  if call('HEXISTS', NAMES, name) == 1 or call('HLEN', NAMES) <= strata then
    call('HINCRBY', NAMES, name, accounts)
  end
end
return 'OK'
