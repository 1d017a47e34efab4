-- Adds events to a stream, those that it does not have yet, all or none. Answers the position that it ended at
-- before, -1 where there is no stream, and its length after. Where that would leave a gap, nothing is added.
-- KEYS[1] the stream · ARGV the position before the first event, then the events, one a position
if redis.call('EXISTS', KEYS[1]) == 0 then
    return {-1, 0}
end
local after = tonumber(ARGV[1])
local about = redis.call('XINFO', 'STREAM', KEYS[1])
local last
for i = 1, #about, 2 do
    if about[i] == 'last-generated-id' then
        last = tonumber(string.match(about[i + 1], '^%d+'))
    end
end
if last >= after then
    for i = 2, #ARGV do
        local position = after + i - 1
        if position > last then
            redis.call('XADD', KEYS[1], string.format('%.0f-0', position), 'event', ARGV[i])
        end
    end
end
return {last, redis.call('XLEN', KEYS[1])}
