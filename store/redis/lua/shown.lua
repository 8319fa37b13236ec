-- On the account's shard. ARGV: epoch, then a digest for each account. Returns for each what dismissed alerts on it showed:
-- the id of an alert and its packed lines by turns.
local answers = {}
for at = 2, #ARGV do answers[#answers + 1] = call('HGETALL', ROOT .. 'q:' .. hex(ARGV[at])) end
return answers
