-- ARGV: epoch, now, columns a row of the sketch, strata at most, then values of 28 bytes each (4 columns, 3 places in
-- the filter, big-endian u32), then stratum names with 12 bytes of filter places of their account, in turn.
if emptied() then return redis.error_reply('EMPTIED') end
room()
local columns, strata, values = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local SKETCH, FILTER, NAMES = ROOT .. 'o', ROOT .. 'w', ROOT .. 'n'

-- Whether the filter had not seen these three places; it has now.
local function unseen(s, at)
  local a, b, c = struct.unpack('>I4I4I4', s, at)
  local was = call('BITFIELD', FILTER, 'SET', 'u1', a, 1, 'SET', 'u1', b, 1, 'SET', 'u1', c, 1)
  return was[1] + was[2] + was[3] < 3
end

-- Conservative update: only the least of the four cells grows, so that collisions add as little as they can.
local function count(at)
  local ask, cells = {}, {}
  for row = 0, 3 do
    cells[row + 1] = '#' .. string.format('%d', row * columns + struct.unpack('>I4', values, at + row * 4))
    ask[#ask + 1] = 'GET'; ask[#ask + 1] = 'u32'; ask[#ask + 1] = cells[row + 1]
  end
  local was = call('BITFIELD', SKETCH, unpack(ask))
  local least, put = math.min(unpack(was)), {}
  for row = 1, 4 do
    if was[row] == least then
      put[#put + 1] = 'SET'; put[#put + 1] = 'u32'; put[#put + 1] = cells[row]; put[#put + 1] = least + 1
    end
  end
  call('BITFIELD', SKETCH, unpack(put))
end

for at = 1, #values, 28 do
  if unseen(values, at + 16) then count(at) end
end
for at = 6, #ARGV, 2 do
  if unseen(ARGV[at + 1], 1) then
    call('HINCRBY', NAMES, '', 1)
    if call('HEXISTS', NAMES, ARGV[at]) == 1 or call('HLEN', NAMES) <= strata then
      call('HINCRBY', NAMES, ARGV[at], 1)
    end
  end
end
return 'OK'
