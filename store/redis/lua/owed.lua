-- ARGV: epoch, holder, seconds for which it keeps others away, how many. Returns what is owed, the oldest first, each
-- with three counts: for a summary the open alerts of its ban, and its likely and possible pairs; else zeros. Returns
-- nothing while there is another holder, and no summary that was published a moment ago.
local holder, most = ROOT .. 'relay', tonumber(ARGV[4])
if call('EXISTS', DUE) == 0 then return {} end
if call('GET', holder) ~= ARGV[2] then
  if not call('SET', holder, ARGV[2], 'EX', ARGV[3], 'NX') then return {} end
else
  call('EXPIRE', holder, ARGV[3])
end
local answers = {}

local function answer(owed, published, likely, possible)
  for _, part in ipairs({owed, published, likely, possible}) do answers[#answers + 1] = part end
end

-- Looks at ten times as many, so that waiting summaries do not delay withdrawals.
for _, alert in ipairs(call('ZRANGE', DUE, 0, most * 10 - 1)) do
  local owed = call('HGET', OWED, alert)
  local name = hex(sub(owed, HEAD_BYTES - DIGEST + 1, HEAD_BYTES))
  if sub(owed, HEAD_BYTES + 1, HEAD_BYTES + 5) ~= 'open ' then
    answer(owed, 0, 0, 0)
  elseif call('EXISTS', ROOT .. 'y:' .. name) == 0 then
    local published = call('HLEN', ROOT .. 'o:' .. name) - 1
    answer(owed, published, call('HLEN', ROOT .. 'h2:' .. name), call('HLEN', ROOT .. 'h1:' .. name))
  end
  if #answers >= most * 4 then break end
end
return answers
