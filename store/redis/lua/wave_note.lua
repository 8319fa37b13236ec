-- In the first shard. Notes the values of new accounts; ARGV and reply as in noting.lua.
room()
return company(true)
