-- The generations of what is remembered: a hash at `g` holds `first` and `next` sequence numbers, for each
-- generation when it started (`s`) and its bytes (`b`), the bytes of all, and how many were evicted.
local STATE = ROOT .. 'g'
local NOW, RETENTION, SPAN, BUDGET, CLOSED_BYTES, BUCKETS, POSTINGS =
  tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]),
  tonumber(ARGV[7]), tonumber(ARGV[8])
local SECONDS = math.ceil(RETENTION + 2 * SPAN) -- until a generation's keys go by themselves
local UNLINKED_AT_ONCE = 256

-- Read once, and written once at the end: a batch asks for it hundreds of times.
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

local function flush()
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
end

local function name(seq)
  return 'g' .. seq .. ':'
end

local function held(seq)
  return tonumber(call('HGET', ROOT .. name(seq) .. 'c', 'n') or 0)
end

-- Lets go of the oldest generation; its keys are unlinked a few at a time by later calls.
local function let_go()
  local seq = number('first')
  local gone = number('b' .. seq)
  put('bytes', number('bytes') - gone)
  put('s' .. seq, nil)
  put('b' .. seq, nil)
  put('first', seq + 1)
  local pages = math.ceil(tonumber(call('HGET', ROOT .. name(seq) .. 'c', 'next') or 0) / PAGE)
  call('RPUSH', ROOT .. 'gd', seq .. ' ' .. pages)
  call('DEL', ROOT .. name(seq) .. 'c', ROOT .. name(seq) .. 'f', ROOT .. name(seq) .. 'o')
end

local function retire()
  while number('first') < number('next') do
    local started = number('s' .. number('first'))
    if started + SPAN + RETENTION > NOW then return end
    let_go()
  end
end

local function evict()
  while number('next') - number('first') > 1 and number('bytes') > BUDGET do
    put('evicted', number('evicted') + held(number('first')))
    let_go()
  end
end

local function open_one()
  local last = number('next') - 1
  if
    last < number('first')
    or NOW >= number('s' .. last) + SPAN
    or number('b' .. last) >= CLOSED_BYTES
    or tonumber(call('HGET', ROOT .. name(last) .. 'c', 'next') or 0) >= 16777215 -- slots have 3 bytes
  then
    last = last + 1
    put('next', last + 1)
    put('s' .. last, NOW)
    put('b' .. last, 0)
  end
  return last
end

local function grow(seq, bytes)
  put('b' .. seq, number('b' .. seq) + bytes)
  put('bytes', number('bytes') + bytes)
end

-- Where an account is remembered: generation, slot.
local function find(digest)
  for seq = number('next') - 1, number('first'), -1 do
    local slot = map_get(ROOT .. name(seq), digest, BUCKETS)
    if slot then return seq, slot end
  end
end

local function clean()
  local dead = call('LINDEX', ROOT .. 'gd', 0)
  if not dead then return end
  local seq, pages = string.match(dead, '(%d+) (%d+)')
  local index, from = ROOT .. name(seq), number('cleaned')
  local total = POSTINGS + BUCKETS + 2 * pages
  local names = {}
  for i = from, math.min(from + UNLINKED_AT_ONCE, total) - 1 do
    if i < POSTINGS then names[#names + 1] = index .. 'p' .. struct.pack('>I4', i)
    elseif i < POSTINGS + BUCKETS then names[#names + 1] = string.format('%sa%x', index, i - POSTINGS)
    elseif i < POSTINGS + BUCKETS + pages then names[#names + 1] = index .. 'r' .. (i - POSTINGS - BUCKETS)
    else names[#names + 1] = index .. 'q' .. (i - POSTINGS - BUCKETS - pages) end
  end
  if #names > 0 then call('UNLINK', unpack(names)) end
  if from + UNLINKED_AT_ONCE >= total then
    call('LPOP', ROOT .. 'gd')
    put('cleaned', nil)
  else
    put('cleaned', from + UNLINKED_AT_ONCE)
  end
end
