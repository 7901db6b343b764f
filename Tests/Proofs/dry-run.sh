# The same engine on other parts: a dry run touches nothing, takes no time, and tells what the lab will do.

need strace
export BLACKSTART_HOME="$work/home"
mkdir "$BLACKSTART_HOME"
lab="$work/lab"
fixture=Fixtures/cold-start.yaml

# The events of a run in order, one `type step host` a line, as they stand in its journal.
events() {
    grep -oE '"t":"(step.intent|step.result|step.done|checkpoint.reached)".*' "$BLACKSTART_HOME/runs/$1/journal.jsonl" |
        awk 'function field(name, line) {
                if (!match(line, "\"" name "\":\"[^\"]*\"")) return "-"
                return substr(line, RSTART + length(name) + 4, RLENGTH - length(name) - 5) }
            { print field("t", $0), field("step", $0), field("host", $0) }'
}

strace -f -qq -e trace=%network -o "$work/trace" \
    "$program" dry-run runbooks/cold-start.yaml --fixture $fixture --run-id traced >"$work/out" 2>&1 ||
    { cat "$work/out" >&2; fail "the dry run failed"; }
sockets=$(grep -cE 'socket|connect' "$work/trace" || true)
[ "$sockets" = 0 ] || { cat "$work/trace" >&2; fail "$sockets calls of sockets"; }

start_ms=$(date +%s%3N)
"$program" dry-run runbooks/cold-start.yaml --fixture $fixture --run-id dry >"$work/out" 2>&1 || fail "the dry run failed"
took=$(($(date +%s%3N) - start_ms))
[ "$took" -lt 1000 ] || fail "it took $took ms"

"$program" lab up $fixture -i runbooks/inventory.yaml --speed "$count" --lifetime 60m --dir "$lab" >/dev/null
start run runbooks/cold-start.yaml -i "$lab/inventory.yaml" --run-id lab --no-input \
    --answer site-ready=done --answer log-in=done
ended
[ "$code" = 0 ] || { cat "$work/out" >&2; fail "the run on the lab ended with $code"; }
events dry >"$work/dry"
events lab >"$work/live"
[ "$(wc -l <"$work/dry")" -gt 50 ] || fail "only $(wc -l <"$work/dry") events"
diff "$work/dry" "$work/live" >&2 || fail "the order of events differs"
echo "dry-run: no socket, $took ms, and the $(wc -l <"$work/dry") events of the lab's run (at $count times its speed) in the same order. $(seconds) s"
