-- What a look-up needs beside postings. ARGV: epoch, account-map buckets, index names joined by commas
-- ('' for the live generations of what is remembered), now and the seconds a generation lives, after how many
-- enrolments the caller knows the moments of bans and the entry of the last of these (moments.py), and digests.
-- Answers the epoch, whether these enrolments still stand and the later ones are noted (ban_write.lua), how many there
-- were, the entries of the later ones (or of the last alone), the number of index names, for each its name and count,
-- then for each digest and index the slot of the account itself (-1 for none).
if emptied() then return redis.error_reply('EMPTIED') end
local names = {}
if ARGV[3] == '' then
  local now, lives = tonumber(ARGV[4]), tonumber(ARGV[5])
  local state = ROOT .. 'g'
  local first, next = unpack(call('HMGET', state, 'first', 'next'))
  for seq = tonumber(first or 0), tonumber(next or 0) - 1 do
    local started = tonumber(call('HGET', state, 's' .. seq))
    if started and started + lives > now then names[#names + 1] = 'g' .. seq .. ':' end
  end
else
  names[1] = ARGV[3]
end
local answers = {call('GET', ROOT .. 'e') or '', 1, 0, '', #names}
local key = ROOT .. ARGV[3] .. 'n'
local head = ARGV[3] == '' and '' or call('GETRANGE', key, 0, 3)
if head ~= '' then
  local gone, known = struct.unpack('>I4', head), tonumber(ARGV[6])
  local size, from = call('STRLEN', key), 4 + 7 * (known - gone)
  answers[3] = gone + (size - 4) / 7
  if known < gone or (known > 0 and (known == gone or call('GETRANGE', key, from - 7, from - 1) ~= ARGV[7])) then
    answers[2], from = 0, size - 7
  end
  answers[4] = call('GETRANGE', key, from, -1)
end
for _, name in ipairs(names) do
  answers[#answers + 1] = name
  answers[#answers + 1] = tonumber(call('HGET', ROOT .. name .. 'c', 'n') or 0)
end
for at = 8, #ARGV do
  for _, name in ipairs(names) do
    answers[#answers + 1] = map_get(ROOT .. name, ARGV[at], tonumber(ARGV[2])) or -1
  end
end
return answers
