-- ARGV: epoch, index, slots (3 bytes each). Returns those that are free, packed alike.
local key, slots, free = ROOT .. ARGV[2] .. 'r', ARGV[3], {}
for i = 1, #slots, 3 do
  if page_get(key, u24(slots, i)) == '' then free[#free + 1] = sub(slots, i, i + 2) end
end
return table.concat(free)
