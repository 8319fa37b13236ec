-- Changes postings. A bucket of postings is a string of entries, each a print (short hash of a key) and an account.
-- KEYS: a root and its epoch (client.py). ARGV: epoch, what to do, name of the index (`p`, or `g` and two bytes), bytes
-- of a print, bytes of an entry, time to live in seconds ('' for no end), then two for each tag: its root, and packed for
-- each entry the bucket (4 bytes), how many entries its key keeps (2 bytes), the key's kind (1 byte), and the entry. Buckets of several
-- tags come in one call where one server holds all. To do: `add`; `complete` (add what is missing); `drop`.
local DO, INDEX, PRINT, WIDTH, SECONDS = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local LOOKED_AFTER = 4096 -- bytes: each time a bucket has grown by so many, a crowded key is cut to what it keeps

local NOBODY = '\0\0\0\0'

local function place_of(held, entry, from)
  local at = string.find(held, entry, from, true)
  while at and (at - 1) % WIDTH ~= 0 do at = string.find(held, entry, at + 1, true) end
  return at
end

-- Removes entries from the middle of those of one key until it has no more than it keeps. In their place stands how many
-- were ever removed, as an id below 2^32.
local function cut_to(root, bucket, print, kept, kind)
  local held, lost, places = call('GET', bucket), 0, {}
  local at = place_of(held, print .. NOBODY, 1)
  if at then
    lost = struct.unpack('>I4', held, at + PRINT + #NOBODY)
    held = sub(held, 1, at - 1) .. sub(held, at + WIDTH)
  end
  at = place_of(held, print, 1)
  while at do
    places[#places + 1] = at
    at = place_of(held, print, at + WIDTH)
  end
  local gone = #places - kept
  if gone <= 0 then return end
  local parts, from, first = {}, 1, math.floor(kept / 2) + 1
  for i = first, first + gone - 1 do
    parts[#parts + 1] = sub(held, from, places[i] - 1)
    from = places[i] + WIDTH
  end
  parts[2] = print .. NOBODY .. struct.pack('>I4', lost + gone) .. string.rep('\0', WIDTH - PRINT - 8) .. (parts[2] or '')
  call('SET', bucket, table.concat(parts) .. sub(held, from), 'KEEPTTL')
  call('HINCRBY', root .. 'ta', (INDEX == 'p' and 'b' or 'g') .. kind, gone)
end

local function drop(bucket, entry)
  local held = call('GET', bucket) or ''
  local at = place_of(held, entry, 1)
  if not at then return end
  if #held == WIDTH then return call('DEL', bucket) end
  call('SET', bucket, sub(held, 1, at - 1) .. sub(held, at + WIDTH), 'KEEPTTL')
end

room()
for at = 7, #ARGV, 2 do
  local root, rows = ARGV[at], ARGV[at + 1]
  if emptied(root) then return EMPTIED end
  local start = root .. INDEX
  for i = 1, #rows, 7 + WIDTH do
    local bucket, entry = start .. sub(rows, i, i + 3), sub(rows, i + 7, i + 6 + WIDTH)
    if DO == 'drop' then
      drop(bucket, entry)
    elseif DO == 'add' or not place_of(call('GET', bucket) or '', entry, 1) then
      local size = call('APPEND', bucket, entry)
      if size == WIDTH and SECONDS ~= '' then call('EXPIRE', bucket, SECONDS) end
      if size % LOOKED_AFTER < WIDTH then
        local high, low, kind = byte(rows, i + 4, i + 6)
        cut_to(root, bucket, sub(entry, 1, PRINT), high * 256 + low, kind)
      end
    end
  end
end
return 'OK'
