# Connections are cut on the servers' side. Nobody has to resume: the run itself finds the hosts again.

while [ "$strikes" -lt "$count" ]; do
    begin
    begin_run
    while kill -0 "$run" 2>/dev/null && [ "$strikes" -lt "$count" ]; do
        random 1500
        sleep "$moment"
        random_host
        "$program" lab cut "$host" --dir "$lab" >/dev/null
        strikes=$((strikes + 1))
    done
    ended
    [ "$code" = 0 ] || { cat "$work/out" >&2; fail "the run ended with $code"; }
    hosts_count
    order_holds
    journal_stands
    all_ran start $commands
    end_round
done
echo "cut: $strikes cuts in $round runs of 40 steps on 10 hosts: each command ran exactly once, in order; every journal stands. $(seconds) s"
