# Two sessions of one run, or three, are begun at the same moment, COUNT times. One goes on; the others end with a clear error and
# have changed nothing. Of four kinds by chance:
#
#     level   two or three begin at once
#     still   one comes while the winner stands still (SIGSTOP), so that every byte of the run can be compared
#     stale   one has read the journal, or is about to, and stands still while another goes on and is killed: then it is its turn
#     over    the same, but the other ends the run; and two at once on a run that is over
runbook=Tests/Proofs/local.yaml
steps=24
racers=""
finish() {
    code=$?
    for racer in $run $racers; do kill -9 "$racer" 2>/dev/null || true; done
    case $code in 0 | 130) rm -rf "$work" ;; *) echo "what it left is in $work" >&2 ;; esac
}

export LEDGER="$work/ledger"
begin_run_here() {
    round=$((round + 1))
    export BLACKSTART_HOME="$work/home$round"
    folder="$BLACKSTART_HOME/runs/proof"
    journal="$folder/journal.jsonl"
    mkdir "$BLACKSTART_HOME"
    : >"$LEDGER"
    start run $runbook --run-id proof --no-input
    until grep -qs '"t":"step.intent"' "$journal"; do kill -0 "$run" 2>/dev/null || fail "$(cat "$work/out")"; sleep 0.01; done
    random 100
    sleep "$moment"
    kill -9 "$run" 2>/dev/null || true
    ended
}

# enter NUMBER: a session that says into out.NUMBER; its process is $racer and $racerNUMBER.
enter() {
    : >"$work/out.$1"
    "$program" resume proof --no-input >"$work/out.$1" 2>&1 &
    racer=$!
    eval "racer$1=$racer"
    racers="$racers $racer"
}
has_said() { grep -q '^Run proof ' "$work/out.$1"; }
lives() { kill -0 "$1" 2>/dev/null; }

# until_so WHAT: waits until that is so.
until_so() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ "$tries" -lt 2000 ] || fail "$kind: the moment did not come: $*"
        sleep 0.005
    done
}
# one_is_left: whether no more than one of the racers still runs: that is $winner.
one_is_left() {
    left=0
    winner=""
    for racer in $racers; do
        if lives "$racer"; then left=$((left + 1)); winner=$racer; fi
    done
    [ "$left" -le 1 ]
}
has_ended() { ! lives "$1"; }
has_begun() { has_said "$1" || has_ended "$2"; }

# left NUMBER: its exit code as $code.
left() {
    eval "racer=\$racer$1"
    code=0
    wait "$racer" 2>/dev/null || code=$?
}
# is_told NUMBER [WINNER]: it has ended, and says why.
is_told() {
    left "$1"
    case $code in
    1) grep -q "^blackstart: error: .*journal.jsonl. is being written by \(process ${2:-[0-9]*}\|another process\); a run has one writer at a time" "$work/out.$1" &&
        locked=$((locked + 1)) ;;
    64) grep -q '^blackstart: error: run `proof` is over: succeeded' "$work/out.$1" && is_over succeeded && late=$((late + 1)) ;;
    *) false ;;
    esac || fail "$kind: one ended with $code: $(cat "$work/out.$1")"
    ! has_said "$1" || fail "$kind: one that lost had gone on: $(cat "$work/out.$1")"
}
# strike NUMBER: the winner is killed, unless it ends before.
strike() {
    eval "racer=\$racer$1"
    random 150
    sleep "$moment"
    kill -9 "$racer" 2>/dev/null || true
    left "$1"
    case $code in 0 | 137) ;; *) fail "$kind: the winner ended with $code: $(cat "$work/out.$1")" ;; esac
}
copy() { rm -rf "$work/before"; cp -a "$folder" "$work/before"; }
is_unchanged() { diff -r "$work/before" "$folder" >"$work/changes" 2>&1 || fail "$kind: $(cat "$work/changes")"; }

opened() { grep -c '"t":"session.open"' "$journal" || true; }
# gone_on NUMBER…: of those that went on each has opened a session, and nobody else; one that was killed early may have.
gone_on() {
    least=$before
    most=$before
    for number in "$@"; do
        most=$((most + 1))
        if has_said "$number"; then least=$((least + 1)); fi
    done
    now=$(opened)
    [ "$now" -ge "$least" ] && [ "$now" -le "$most" ] || fail "$kind: $((now - before)) sessions were opened, not $((least - before))"
}

level() {
    draw
    entrants="1 2"
    [ $((drawn % 3)) != 0 ] || entrants="1 2 3"
    for number in $entrants; do enter "$number"; done
    until_so one_is_left
    for number in $entrants; do
        eval "racer=\$racer$number"
        if [ "$racer" = "$winner" ]; then first=$number; fi
    done
    # The winner may have ended the run by now.
    if [ -z "$winner" ]; then
        for number in $entrants; do if has_said "$number"; then first=$number; eval "winner=\$racer$number"; fi; done
    fi
    [ -n "$winner" ] || fail "nobody went on: $(cat "$work"/out.?)"
    for number in $entrants; do [ "$number" = "$first" ] || is_told "$number" "$winner"; done
    strike "$first"
    gone_on "$first"
}
still() {
    enter 1
    until_so has_begun 1 "$racer1"
    kill -STOP "$racer1" 2>/dev/null || true
    copy
    enter 2
    until_so has_ended "$racer2"
    is_told 2 "$racer1"
    is_unchanged
    kill -CONT "$racer1" 2>/dev/null || true
    strike 1
    gone_on 1
}
# One stops on its way to the lock, or with it.
stale() {
    enter 1
    random "$to_the_lock"
    sleep "$moment"
    kill -STOP "$racer1" 2>/dev/null || true
    enter 2
    until_so has_begun 2 "$racer2"
    if has_said 2; then
        if [ "$1" = killed ]; then strike 2; else left 2; fi
        copy
        kill -CONT "$racer1" 2>/dev/null || true
        if is_over succeeded; then
            is_told 1
            is_unchanged
            gone_on 2
            overtaken=$((overtaken + 1))
            return 0
        fi
        until_so has_begun 1 "$racer1"
        strike 1
        gone_on 1 2
    else
        is_told 2 "$racer1"
        kill -CONT "$racer1" 2>/dev/null || true
        if [ "$1" = killed ]; then strike 1; else left 1; fi
        gone_on 1
    fi
}
both_late() {
    copy
    enter 1
    enter 2
    is_told 1
    is_told 2
    is_unchanged
    gone_on
}

race() {
    kind=$1
    shift
    racers=""
    before=$(opened)
    "$@"
    strikes=$((strikes + 1))
    sort "$LEDGER" | uniq -d >"$work/twice"
    [ ! -s "$work/twice" ] || fail "$kind: ran more than once: $(tr '\n' ' ' <"$work/twice")"
    printf '\r%s of %s' "$strikes" "$count" >&2
}

locked=0
late=0
overtaken=0
to_the_lock=100
while [ "$strikes" -lt "$count" ]; do
    begin_run_here
    while ! is_over succeeded; do
        draw
        if [ "$strikes" -ge $((count - 1)) ]; then
            start resume proof --no-input
            ended
            [ "$code" = 0 ] || fail "the last session ended with $code: $(cat "$work/out")"
        elif [ "$(wc -l <"$LEDGER")" -gt 17 ]; then race over stale ended
        else
            case $((drawn % 5)) in
            0 | 1 | 2) race level level ;;
            3) race still still ;;
            4) race stale stale killed ;;
            esac
        fi
        journal_stands
    done
    race over both_late
    [ "$(sort -u "$LEDGER" | wc -l)" = "$steps" ] || fail "only $(sort -u "$LEDGER" | wc -l) commands ran"
    rm -rf "$BLACKSTART_HOME"
done
printf '\r' >&2
echo "race: $strikes races for $round runs: one went on at a time; $locked others found it taken and $late found it over, $overtaken of them after they had begun to read: they said so and changed nothing; each command ran exactly once; every journal stands. $(seconds) s"
