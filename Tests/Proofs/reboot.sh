# A host loses its power: what was in flight there is unclear, never done and never run again.

# What began on a host and did not end there must have been called unclear, never OK.
cut_short() {
    { cat "$lab"/hosts/*/ended.log; ran; } | cut -f2,3 | sort | uniq -u | sed 's/\(.*\)	\(.*\)/\2@\1/'
}
# A host on which a command runs just now, where there is one.
busy_host() {
    random_host
    for folder in "$lab"/hosts/n*; do
        started=$(cat "$folder/ran.log" 2>/dev/null | wc -l)
        [ "$started" = "$(cat "$folder/ended.log" 2>/dev/null | wc -l)" ] || basename "$folder"
    done >"$work/busy"
    busy=$(wc -l <"$work/busy")
    [ "$busy" != 0 ] || return 0
    draw
    host=$(sed -n "$((drawn % busy + 1))p" "$work/busy")
}
unclear=0
asked=0
while [ "$strikes" -lt "$count" ]; do
    begin
    begin_run
    random 4000
    sleep "$moment"
    busy_host
    "$program" lab reboot "$host" --dir "$lab" >/dev/null
    strikes=$((strikes + 1))
    ended
    tries=0
    while [ "$code" != 0 ]; do
        tries=$((tries + 1))
        [ "$tries" -le 5 ] || { cat "$work/out" >&2; fail "still not done after $tries sessions"; }
        set --
        "$program" status proof --output json >"$work/status" || true
        for task in $(tr '{,' '\n\n' <"$work/status" | sed -n 's/^"\([^"]*@[^"]*\)":"unclear".*/\1/p'); do
            set -- "$@" --answer "$task=done:the proof counts what ran"
            echo "$task" >>"$work/asked$round"
            asked=$((asked + 1))
        done
        go_on "$@"
        ended
    done
    for task in $(cut_short); do
        unclear=$((unclear + 1))
        grep -qx "$task" "$work/asked$round" || fail "$task was cut short, and was not called unclear"
    done
    hosts_count
    order_holds
    journal_stands
    end_round
done
echo "reboot: $strikes in $round runs; $unclear commands cut short, all called unclear ($asked questions); none ran twice, none out of order; every journal stands. $(seconds) s"
