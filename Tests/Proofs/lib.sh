# Sourced by scripts/prove: a site, a controller, and what is counted afterwards.

work=$(mktemp -d)
began=$(date +%s)
runbook=Tests/Proofs/runbook.yaml
commands=52
lab=""
run=""
round=0
strikes=0
finish() {
    code=$?
    [ -z "$run" ] || kill -9 "$run" 2>/dev/null || true
    [ -z "$lab" ] || "$program" lab down --dir "$lab" >/dev/null 2>&1 || true
    if [ "$code" = 0 ]; then rm -rf "$work"; else echo "what it left is in $work" >&2; fi
}
trap finish EXIT
trap 'exit 130' INT TERM

fail() {
    echo "BROKEN in round $round (seed $seed): $*" >&2
    exit 1
}

# The row of draws that the seed decides (Lehmer's generator). Never in a subshell: the row would not go on.
drawn=$((seed * 7919 + 1))
draw() { drawn=$((drawn * 48271 % 2147483647)); }
draw
draw

# random MOST: a moment from 0 to MOST milliseconds as $moment.
random() {
    draw
    moment=$(printf '%d.%03d' $((drawn % ($1 + 1) / 1000)) $((drawn % ($1 + 1) % 1000)))
}
random_host() {
    draw
    host=$(printf 'n%02d' $((drawn % 10 + 1)))
}

# A fresh site, and a controller that never saw it.
begin() {
    round=$((round + 1))
    lab="$work/lab$round"
    export BLACKSTART_HOME="$work/home$round"
    mkdir "$BLACKSTART_HOME"
    journal="$BLACKSTART_HOME/runs/proof/journal.jsonl"
    "$program" lab up Tests/Proofs/fixture.yaml -i Tests/Proofs/inventory.yaml --speed 60 --lifetime 20m --dir "$lab" \
        >"$work/up" 2>&1 || { cat "$work/up"; fail "no lab"; }
}

# Starts a command of the program in the background; what was printed last is in $work/out.
start() {
    "$program" "$@" >"$work/out" 2>&1 &
    run=$!
}

# ended: waits for it and puts its exit code into $code.
ended() {
    code=0
    wait "$run" 2>/dev/null || code=$?
    run=""
}

# is_over OUTCOME: whether the journal says that the run has ended so. A kill may come while hosts are still being tidied.
is_over() { tail -n 2 "$journal" | grep -q "\"outcome\":\"$1\""; }

# strike_within MILLISECONDS: kills it at a moment of these, unless it ends before; $code is 137 when it was killed.
strike_within() {
    random "$1"
    sleep "$moment"
    kill -9 "$run" 2>/dev/null || true
    ended
    if [ "$code" = 137 ]; then strikes=$((strikes + 1)); fi
}

begin_run() { start run $runbook -i "$lab/inventory.yaml" --run-id proof --no-input; }
go_on() { if [ -f "$journal" ]; then start resume proof --no-input "$@"; else begin_run; fi; }

ran() { cat "$lab"/hosts/*/ran.log 2>/dev/null; }
hosts_count() {
    ran | cut -f2,3,5 | sort | uniq -d >"$work/twice"
    [ ! -s "$work/twice" ] || fail "ran more than once: $(tr '\t\n' ' ;' <"$work/twice")"
}
# In the runbook's order of needs: nothing began before what it needs had ended.
order_holds() {
    { cat "$lab"/hosts/*/ended.log | sed 's/^/end	/'; ran | sed 's/^/ran	/'; } | awk -F'\t' -v runbook=$runbook '
        $6 !~ /^start/ { next }
        $1 == "ran" { if (!($4 in first) || $2 < first[$4]) first[$4] = $2 }
        $1 == "end" { if ($2 > last[$4]) last[$4] = $2 }
        END {
            while ((getline line <runbook) > 0) {
                if (line !~ /^- \{ id:/) continue
                id = line; sub(/.*\{ id: /, "", id); sub(/,.*/, "", id)
                needs = line; sub(/.*needs: \[/, "", needs); sub(/\].*/, "", needs)
                n = split(needs, list, /, */)
                for (i = 1; i <= n; i++) {
                    if (id in first && first[id] < last[list[i]]) { print id " began before " list[i] " had ended"; bad = 1 }
                    edges += 1
                    if (!(id in first) && last[list[i]] > last[id]) last[id] = last[list[i]]
                }
            }
            if (edges < 40) { print "only " edges " edges were read"; bad = 1 }
            exit bad
        }' >"$work/order" || fail "$(cat "$work/order")"
}
journal_stands() { "$program" journal verify proof >"$work/verified" 2>&1 || fail "$(cat "$work/verified")"; }
all_ran() {
    n=$(ran | grep -c "	$1 s" || true)
    [ "$n" = "$2" ] || fail "$n of $2 commands \"$1\" ran"
}

end_round() {
    "$program" lab down --dir "$lab" >/dev/null
    rm -rf "$lab" "$BLACKSTART_HOME"
    printf '\r%s of %s' "$strikes" "$count" >&2
}


seconds() { echo $(($(date +%s) - began)); }
