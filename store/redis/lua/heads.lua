-- What a look-up needs beside postings. ARGV: epoch, account-map buckets, names of indexes separated by commas, the
-- number of enrolments that the caller's copy of the ban moments includes (below 0 if it asks for none) and the entry
-- of the last of these (moments.py), then digests. Returns the epoch, whether that copy can be brought up to date with
-- the noted enrolments (ban_write.lua), the number of enrolments so far, the entries of the later ones (if not, of the
-- last one alone), how many accounts each index holds in this shard, then for each digest and index the account's own
-- slot (-1 for none).
local names = {}
for name in string.gmatch(ARGV[3], '[^,]+') do names[#names + 1] = name end
local answers = {call('GET', ROOT .. 'e') or '', 1, 0, ''}
local key, known = ROOT .. 'b:n', tonumber(ARGV[4])
local head = known < 0 and '' or call('GETRANGE', key, 0, 3)
if head ~= '' then
  local gone, size = struct.unpack('>I4', head), call('STRLEN', key)
  local from = 4 + 7 * (known - gone)
  answers[3] = gone + (size - 4) / 7
  if known < gone or (known > 0 and (known == gone or call('GETRANGE', key, from - 7, from - 1) ~= ARGV[5])) then
    answers[2], from = 0, size - 7
  end
  answers[4] = call('GETRANGE', key, from, -1)
end
for _, name in ipairs(names) do
  answers[#answers + 1] = tonumber(call('HGET', ROOT .. name .. 'c', 'n') or 0)
end
for at = 6, #ARGV do
  for _, name in ipairs(names) do
    answers[#answers + 1] = map_get(ROOT .. name, ARGV[at], tonumber(ARGV[2])) or -1
  end
end
return answers
