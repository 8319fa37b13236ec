-- In the first shard. ARGV: epoch, digests of accounts. Returns the open wave of each, '' for none.
local answers = {}
for at = 2, #ARGV do answers[#answers + 1] = wave_of(ARGV[at]) or '' end
return answers
