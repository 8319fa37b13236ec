-- In the first shard. ARGV: epoch, digests of accounts. Returns four for each: the open wave that it is in, '' for none,
-- when that began, how many members it has, and what is kept of the account there.
local answers = {}
for at = 2, #ARGV do
  local id = wave_of(ARGV[at])
  answers[#answers + 1] = id or ''
  for _, field in ipairs({'b', 'n', 'M' .. ARGV[at]}) do
    answers[#answers + 1] = id and call('HGET', wave_key(id), field) or ''
  end
end
return answers
