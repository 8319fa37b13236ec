-- In the first shard. ARGV: epoch, ids of waves. Returns the fields of each and their values, none where there is no
-- such wave.
local answers = {}
for at = 2, #ARGV do answers[#answers + 1] = call('HGETALL', wave_key(ARGV[at])) end
return answers
