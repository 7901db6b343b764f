# Situations in which a run was once begun twice, COUNT of them, in an order and at moments that the seed decides. Hosts count:
#
#     cut     the connection of a resumed session is cut after a chosen number of bytes: an attempt that ended was called never run
#     value   the controller is killed around the end of a step that leaves a value: it ran again, or the next one ran without it
#     home    the folder of receipts is another one after a kill, on a host and for `local` steps: what was in flight ran again
#     dark    a host can't be reached when the run is resumed: what was done there ran again
#     lapse   what was done lapses while what needs it is settled, which its own rule would begin again
#     fork    two copies of a run go on at the same time, each with a home of its own: both ran on to the end
finish() {
    code=$?
    for process in $run $other $proxy; do kill -9 "$process" 2>/dev/null || true; done
    [ -z "$lab" ] || "$program" lab down --dir "$lab" >/dev/null 2>&1 || true
    if [ "$code" = 0 ]; then rm -rf "$work"; else echo "what it left is in $work" >&2; fi
}
other=""
proxy=""

# site: a fresh lab of two hosts, t1 behind a proxy, and a runbook with the lines of $work/steps.
site() {
    round=$((round + 1))
    lab="$work/lab$round"
    site="$work/site$round"
    mkdir -p "$site/way" "$work/home$round"
    export BLACKSTART_HOME="$work/home$round"
    journal="$BLACKSTART_HOME/runs/proof/journal.jsonl"
    cat >"$site/hosts.yaml" <<END
version: 1
name: Two hosts
hosts:
  t1: { kind: physical, address: 192.0.2.11 }
  t2: { kind: physical, address: 192.0.2.12 }
END
    "$program" lab up Tests/Proofs/twice.yaml -i "$site/hosts.yaml" --speed 60 --lifetime 5m --dir "$lab" >"$work/up" 2>&1 ||
        { cat "$work/up"; fail "no lab"; }
    server=$(sed -n '/"t1":/,/"t2":/s/ *address: "\(.*\)"/\1/p' "$lab/inventory.yaml")
    port=$(sed -n '/"t1":/,/"t2":/s/ *port: //p' "$lab/inventory.yaml")
    way=$(echo "$server" | sed "s/^127\.77\./127.78./")
    sed "/\"t1\":/,/\"t2\":/s/$server/$way/" "$lab/inventory.yaml" >"$lab/behind.yaml"
    sed "s/\\[$server\\]/[$way]/g" "$lab/known_hosts" | sort -u - "$lab/known_hosts" >"$lab/both"
    cp "$lab/both" "$lab/known_hosts"
    python3 Tests/Proofs/proxy.py "$way" "$port" "$server" "$port" "$site/way" >"$work/proxy" 2>&1 &
    proxy=$!
    tries=0
    until [ -e "$site/way/listening" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 500 ] || fail "no proxy: $(cat "$work/proxy")"
        sleep 0.02
    done
    { printf 'version: 1\nname: Counted\ninventory: %s\nsteps:\n' "$lab/behind.yaml"; cat "$work/steps"; } >"$site/runbook.yaml"
}

begin_run() { start run "$site/runbook.yaml" --run-id proof -y --no-input; }
go_on() { if [ -f "$journal" ]; then start resume proof --no-input "$@"; else begin_run; fi; }
# killed_within LEAST MOST: after so many milliseconds, at least and at most; what it was is recorded.
killed_within() {
    random $(($2 - $1))
    sleep "$(echo "$moment $1" | awk '{ printf "%.3f", $1 + $2 / 1000 }')"
    kill -9 "$run" 2>/dev/null || true
    ended
    if [ "$code" = 137 ]; then kills=$((kills + 1)); fi
}
# killed_after MOST TEXT FILE…: once a line of one of the files ends with the text, and after up to so many milliseconds more.
killed_after() {
    most=$1
    text=$2
    shift 2
    tries=0
    until cat "$@" 2>/dev/null | grep -q "$text\$"; do
        tries=$((tries + 1))
        [ "$tries" -lt 1000 ] && kill -0 "$run" 2>/dev/null || break
        sleep 0.01
    done
    killed_within 0 "$most"
}
# every_other: by turns of the row of draws.
every_other() {
    draw
    [ $((drawn / 16 % 2)) = 0 ]
}
# ends: resumes until it is over, answering what is unclear as done, which never runs anything.
ends() {
    tries=0
    while ! is_over succeeded && ! is_over succeeded-with-gaps; do
        tries=$((tries + 1))
        [ "$tries" -le 6 ] || { cat "$work/out" >&2; fail "$kind: still not over after $tries sessions"; }
        set --
        "$program" status proof --output json >"$work/status" 2>/dev/null || true
        for task in $(tr '{,' '\n\n' <"$work/status" | sed -n 's/^"\([^"]*@[^"]*\)":"unclear".*/\1/p'); do
            set -- "$@" --answer "$task=done:the proof counts what ran"
            unclear=$((unclear + 1))
        done
        go_on "$@"
        ended
        # Killed before its first line: there is nothing to go on with, and its name is free once its folder is gone.
        if grep -q "nothing has happened" "$work/out"; then rm -rf "$(dirname "$journal")"; fi
    done
}
# starts_of COMMAND: how often a command ran, on hosts.
starts_of() { ran | cut -f5 | grep -cx "$1" || true; }
at_most_once() {
    for command in "$@"; do
        n=$(starts_of "$command")
        [ "$n" -le 1 ] || fail "$kind: \"$command\" ran $n times"
    done
}
once() { for command in "$@"; do [ "$(starts_of "$command")" = 1 ] || fail "$kind: \"$command\" ran $(starts_of "$command") times"; done; }

chain='- { id: first, name: First, hosts: t1, skip_if: never, run: start first, verify: { run: is-up first, equals: up, retries: 3, delay: 5s }, outputs: { pool: { match: "is (.+)" } } }'
rest='- { id: second, name: Second, hosts: t2, needs: [first], run: start second }
- { id: third, name: Third, hosts: t1, needs: [second], run: start third }'

shut_way() {
    printf '%s\n%s\n' "$chain" "$rest" >"$work/steps"
    site
    begin_run
    killed_within 200 1500
    for _ in 1 2 3; do
        draw
        echo $((drawn % 9000 + 500)) >"$site/way/cut"
        go_on
        killed_within 100 900
    done
    rm -f "$site/way/cut"
    ends
    once "start first" "start second" "start third"
}
left_value() {
    printf '%s\n%s\n' "$chain" '- { id: use, name: Use, hosts: t1, needs: [first], skip_if: never, run: "use ${{ steps.first.outputs.pool }}" }' >"$work/steps"
    site
    begin_run
    if every_other; then killed_after 150 "start first" "$lab/hosts/t1/ended.log"; else killed_within 600 1700; fi
    ends
    once "start first" "use tank01"
    [ "$(ran | wc -l)" = 2 ] || fail "$kind: $(ran)"
}
lost_home() {
    printf '%s\n%s\n' "$chain" "$rest" >"$work/steps"
    site
    begin_run
    if every_other; then killed_after 500 "start first" "$lab/hosts/t1/ran.log"; else killed_within 200 1800; fi
    for receipts in "$lab"/hosts/t*/home/.blackstart; do
        [ ! -d "$receipts" ] || mv "$receipts" "$receipts.away"
    done
    ends
    at_most_once "start first" "start second" "start third"
}
# The same on this machine, where the home of the program is the folder of its receipts.
own_home() {
    round=$((round + 1))
    site="$work/site$round"
    ledger="$work/ledger$round"
    mkdir -p "$site" "$work/home$round" "$work/elsewhere$round/runs"
    : >"$ledger"
    export BLACKSTART_HOME="$work/home$round"
    journal="$BLACKSTART_HOME/runs/proof/journal.jsonl"
    printf 'version: 1\nname: Here\nhosts:\n  t1: { address: 192.0.2.11 }\n' >"$site/hosts.yaml"
    cat >"$site/runbook.yaml" <<END
version: 1
name: Counted here
inventory: hosts.yaml
steps:
- { id: one, name: One, hosts: local, run: "echo one >>$ledger; sleep 0.3" }
- { id: two, name: Two, hosts: local, needs: [one], run: "echo two >>$ledger; sleep 0.3" }
END
    begin_run
    if every_other; then killed_after 200 one "$ledger"; else killed_within 20 700; fi
    if [ -d "$BLACKSTART_HOME/runs/proof" ]; then cp -a "$BLACKSTART_HOME/runs/proof" "$work/elsewhere$round/runs/"; fi
    cp -a "$BLACKSTART_HOME/keys" "$work/elsewhere$round/" 2>/dev/null || true
    export BLACKSTART_HOME="$work/elsewhere$round"
    journal="$BLACKSTART_HOME/runs/proof/journal.jsonl"
    if [ -f "$journal" ]; then ends; fi
    sort "$ledger" | uniq -d >"$work/repeated"
    [ ! -s "$work/repeated" ] || fail "$kind: ran twice: $(tr '\n' ' ' <"$work/repeated")"
}
dark_host() {
    printf '%s\n%s\n' "$chain" "$rest" >"$work/steps"
    site
    begin_run
    if every_other; then killed_after 500 "start second" "$lab/hosts/t2/ran.log"; else killed_within 900 1900; fi
    : >"$site/way/dark"
    go_on
    killed_within 300 2500
    rm "$site/way/dark"
    ends
    once "start first" "start second" "start third"
}
intents() { grep -c '"t":"step.intent".*"step":"second"' "$journal" || true; }
lapsed() {
    printf '%s\n%s\n' '- { id: first, name: First, hosts: t1, run: start first, verify: { run: is-up first, equals: up } }' \
        '- { id: second, name: Second, hosts: t2, needs: [first], run: break first, on_failure: retry, retries: 2, delay: 1s }' >"$work/steps"
    site
    begin_run
    if every_other; then killed_after 30 "break first" "$lab/hosts/t2/ended.log"; else killed_within 1300 2600; fi
    # What `second` does is to take away what it needs. Where it had done so before the run is resumed, that is seen, and it must not
    # begin again; where it still runs, nobody can know yet.
    # An attempt that is on record was begun before, wherever it is by now.
    before=$(intents)
    had_ended=$(cat "$lab"/hosts/*/ended.log 2>/dev/null | cut -f5 | grep -cx "break first" || true)
    go_on
    ended
    [ "$(starts_of "start first")" -le 1 ] || fail "$kind: \"start first\" ran $(starts_of "start first") times"
    [ "$had_ended" = 0 ] || [ "$(intents)" = "$before" ] ||
        fail "$kind: it began $(starts_of "break first") times over what had lapsed"
    [ "$had_ended" = 0 ] || lapses=$((lapses + 1))
}
forked() {
    printf '%s\n%s\n%s\n' "$chain" "$rest" '- { id: fourth, name: Fourth, hosts: t2, needs: [third], run: start fourth }' >"$work/steps"
    site
    begin_run
    killed_within 100 2500
    [ -f "$journal" ] || return 0
    mkdir -p "$work/copy$round/runs"
    cp -a "$BLACKSTART_HOME/runs/proof" "$work/copy$round/runs/"
    cp -a "$BLACKSTART_HOME/keys" "$work/copy$round/"
    BLACKSTART_HOME="$work/copy$round" "$program" resume proof --no-input >"$work/other" 2>&1 &
    other=$!
    random 400
    sleep "$moment"
    go_on
    ended
    wait "$other" 2>/dev/null || true
    other=""
    at_most_once "start first" "start second" "start third" "start fourth"
    if grep -q "Somebody else is at work" "$work/out" "$work/other"; then forks=$((forks + 1)); fi
}

over() {
    if [ -n "$proxy" ]; then kill "$proxy" 2>/dev/null || true; wait "$proxy" 2>/dev/null || true; fi
    proxy=""
    [ -z "$lab" ] || "$program" lab down --dir "$lab" >/dev/null
    rm -rf "$lab" "$site" "$work/home$round" "$work/copy$round" "$work/elsewhere$round"
    lab=""
    strikes=$((strikes + 1))
    printf '\r%s of %s' "$strikes" "$count" >&2
}

forks=0
kills=0
lapses=0
unclear=0
while [ "$strikes" -lt "$count" ]; do
    draw
    case $((drawn % 7)) in
    0) kind=shut_way ;; 1) kind=left_value ;; 2) kind=lost_home ;; 3) kind=own_home ;; 4) kind=dark_host ;; 5) kind=lapsed ;; 6) kind=forked ;;
    esac
    $kind
    over
done
printf '\r' >&2
# A share that meets nothing proves nothing.
[ "$count" -lt 21 ] || { [ "$unclear" -gt 0 ] && [ "$lapses" -gt 0 ] && [ "$forks" -gt 0 ]; } ||
    fail "the situations were not met: $unclear of unknown end, $lapses lapses, $forks copies"
echo "twice: $strikes situations with $kills kills: no command ran twice; $unclear of unknown end were asked about, $lapses lapses were met while settling, $forks times two copies of a run met and said so. $(seconds) s"
