-- In the first shard. Notes the values of new accounts; ARGV and reply as in noting.lua.
if emptied() then return redis.error_reply('EMPTIED') end
room()
return company(true)
