# The controller is killed and resumed until the run is done.

until_done() {
    while [ "$code" != 0 ] && ! is_over succeeded; do
        go_on
        if [ "$strikes" -lt "$count" ]; then strike_within 4000; else ended; fi
        case $code in 0 | 137) ;; *) cat "$work/out" >&2; fail "resume ended with $code" ;; esac
    done
}

while [ "$strikes" -lt "$count" ]; do
    begin
    begin_run
    strike_within 7000
    case $code in 0 | 137) ;; *) cat "$work/out" >&2; fail "run ended with $code" ;; esac
    until_done
    hosts_count
    order_holds
    journal_stands
    all_ran start $commands
    end_round
done
echo "kill: $strikes kills in $round runs of 40 steps on 10 hosts: each command ran exactly once, in order; every journal stands. $(seconds) s"
