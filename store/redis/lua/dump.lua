-- ARGV: epoch, names of keys. Returns for each its time to live in milliseconds (-1 for no end) and its value as DUMP
-- gives it, '' if it is gone.
local answers = {}
for at = 2, #ARGV do
  local key = ROOT .. ARGV[at]
  answers[#answers + 1] = call('PTTL', key)
  answers[#answers + 1] = call('DUMP', key) or ''
end
return answers
