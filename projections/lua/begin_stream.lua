-- Makes a stream anew, empty, to go on after an id, if it still ends where its caller saw it end. Answers 1 or 0:
-- whether it was made.
-- KEYS[1] the stream · ARGV the last id seen, the id to go on after, then the groups to be: name, last id read
local last = '0-0'
if redis.call('EXISTS', KEYS[1]) == 1 then
    local about = redis.call('XINFO', 'STREAM', KEYS[1])
    for i = 1, #about, 2 do
        if about[i] == 'last-generated-id' then
            last = about[i + 1]
        end
    end
end
if last ~= ARGV[1] then
    return 0
end
redis.call('DEL', KEYS[1])
-- Only a group makes a stream without an entry.
redis.call('XGROUP', 'CREATE', KEYS[1], ' ', '0', 'MKSTREAM')
redis.call('XGROUP', 'DESTROY', KEYS[1], ' ')
redis.call('XSETID', KEYS[1], ARGV[2])
for i = 3, #ARGV, 2 do
    redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[i], ARGV[i + 1])
end
return 1
