-- Included in every script. KEYS[1] is the root of a tag (`prefix{tag}:`). No key has that very name (client.py says
-- why it is passed beside the epoch's key), but all keys of the tag begin with it, so they are in one cluster slot.
-- ARGV[1] is the epoch that the caller knows, or ''.
local ROOT = KEYS[1]
local call, sub, byte, char = redis.call, string.sub, string.byte, string.char

-- Whether the store lacks the caller's epoch. One that was left for another layout is closed to all but the process
-- that carries it over (store_meta.py: MOVED). Each script begins with this question (scripts.py).
local EMPTIED = redis.error_reply('EMPTIED')
local function emptied(root)
  local epoch = call('GET', (root or ROOT) .. 'e')
  if epoch == 'moved' then return ARGV[1] ~= epoch end
  return ARGV[1] ~= '' and epoch ~= ARGV[1]
end

-- To be called before the first write: raises an error if memory is short or the disk is full. Redis checks only the
-- first write of a script; a script that began with a harmless one (LPOP) would run on.
local function room()
  call('SETRANGE', ROOT .. 'e', 0, '') -- writes nothing, but is refused as a write that needs memory
end
