-- In the first shard. Looks for who came with new accounts, and notes nothing; ARGV and reply as in noting.lua.
return company(false)
