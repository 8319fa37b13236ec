-- ARGV: epoch, then two for each index: name and slots (3 bytes each, sorted). Returns the frames, in order.
local answers, n = {}, 0
for at = 2, #ARGV, 2 do
  local key, slots = ROOT .. ARGV[at] .. 'r', ARGV[at + 1]
  local number, page -- of the page that was read whole last
  for i = 1, #slots, 3 do
    local slot = u24(slots, i)
    local place = slot % PAGE
    local own = (slot - place) / PAGE
    -- A page with more than one of the slots is read whole, with one command; a single record takes two.
    if own ~= number and i + 3 <= #slots and u24(slots, i + 3) < (own + 1) * PAGE then
      number, page = own, call('GET', key .. own) or ''
    end
    n = n + 1
    if own ~= number then
      answers[n] = page_get(key, slot)
    elseif page == '' then
      answers[n] = ''
    else
      local from = place == 0 and 0 or u24(page, place * 3 - 2)
      answers[n] = sub(page, HEAD + from + 1, HEAD + u24(page, place * 3 + 1))
    end
  end
end
return answers
