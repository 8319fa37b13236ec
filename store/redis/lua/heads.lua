-- What a look-up needs beside postings. ARGV: epoch, account-map buckets, index names joined by commas
-- ('' for the live generations of what is remembered), now and the seconds a generation lives, what the caller
-- knows of the latest bans (recents.py: so many bytes, and the horizon with the last entry of these), and digests.
-- Answers the epoch, how many bytes still stand as the caller knows them, when the bans enrolled last occurred
-- (ban_write.lua: the head, and the entries behind these), the number of index names, for each its name and count,
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
local answers = {call('GET', ROOT .. 'e') or '', 0, '', #names}
if ARGV[3] ~= '' then
  local key, known = ROOT .. ARGV[3] .. 'n', tonumber(ARGV[6])
  if known > 0 and call('GETRANGE', key, 0, 3) .. call('GETRANGE', key, known - 7, known - 1) == ARGV[7] then
    answers[2] = known
    answers[3] = call('GETRANGE', key, 0, 4) .. call('GETRANGE', key, known, -1)
  else
    answers[3] = call('GET', key) or ''
  end
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
