-- On the first shard: keeps the book of generations of remembered accounts for all shards. The hash `g` holds `first`
-- and `next` (numbers of generations), for each generation when it started (`s`), its bytes (`b`) and accounts (`n`),
-- the bytes of all, and how many accounts were evicted.
-- ARGV: epoch, now, retention, span, budget, bytes that close a generation, whether the caller wants one to write to
-- ('' if not, else the number of the one known to be full, -1 for none), then four for each generation that has grown:
-- number, when it started, and by how many bytes and accounts. Returns `first`, then for each generation when it
-- started and its bytes.
room()
local STATE = ROOT .. 'g'
local NOW, RETENTION, SPAN, BUDGET, CLOSED_BYTES =
  tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local state, changed = {}, {}
do
  local fields = call('HGETALL', STATE)
  for i = 1, #fields, 2 do state[fields[i]] = tonumber(fields[i + 1]) end
end

local function number(field)
  return state[field] or 0
end

local function put(field, value)
  state[field] = value
  changed[field] = true
end

local function let_go()
  local seq = number('first')
  put('bytes', number('bytes') - number('b' .. seq))
  for _, what in ipairs({'s', 'b', 'n'}) do put(what .. seq, nil) end
  put('first', seq + 1)
end

local function over(seq)
  return number('s' .. seq) + SPAN + RETENTION <= NOW
end

-- Skips generations dropped meanwhile. A generation that the book does not know was lost with this shard's data.
for at = 8, #ARGV, 4 do
  local seq = tonumber(ARGV[at])
  if seq >= number('first') then
    if seq >= number('next') then
      put('s' .. seq, tonumber(ARGV[at + 1]))
      put('next', seq + 1)
    end
    put('b' .. seq, number('b' .. seq) + tonumber(ARGV[at + 2]))
    put('n' .. seq, number('n' .. seq) + tonumber(ARGV[at + 3]))
    put('bytes', number('bytes') + tonumber(ARGV[at + 2]))
  end
end
while number('first') < number('next') and over(number('first')) do let_go() end
while number('next') - number('first') > 1 and number('bytes') > BUDGET do
  put('evicted', number('evicted') + number('n' .. number('first')))
  let_go()
end
if ARGV[7] ~= '' then
  local last = number('next') - 1
  local closed = NOW >= number('s' .. last) + SPAN or number('b' .. last) >= CLOSED_BYTES
  if last < number('first') or closed or last == tonumber(ARGV[7]) then
    put('next', last + 2)
    put('s' .. last + 1, NOW)
  end
end

local set, del = {}, {}
for field in pairs(changed) do
  if state[field] then
    set[#set + 1] = field
    set[#set + 1] = string.format('%.17g', state[field])
  else
    del[#del + 1] = field
  end
end
if #set > 0 then call('HSET', STATE, unpack(set)) end
if #del > 0 then call('HDEL', STATE, unpack(del)) end
local answers = {number('first')}
for seq = number('first'), number('next') - 1 do
  answers[#answers + 1] = string.format('%.17g', number('s' .. seq))
  answers[#answers + 1] = number('b' .. seq)
end
return answers
