# The machine of the program loses its power: the file system of its runs is shut down at random moments, and what was not
# flushed is lost. What was on record is there afterwards, and the run goes on.
#
# Two sites by turns. In the first only the runs lie on that disk: commands and receipts live on, as on hosts that keep their
# power, so each command runs exactly once and nobody is asked. In the second everything of the program lies on it: its keys and
# its receipts too. All its processes die, the boot id is a new one, and what was in flight may rightly be unclear; the proof
# answers, for it can look: each command writes its name into a ledger on another disk before it does anything else.

runbook=Tests/Proofs/local.yaml
steps=24
image="$work/image"
disk="$work/disk"
finish() {
    code=$?
    [ -z "$run" ] || kill -9 "$run" 2>/dev/null || true
    tries=0
    while mountpoint -q "$disk" && ! umount "$disk" 2>/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -lt 100 ]; then sleep 0.05; else umount -l "$disk"; fi
    done
    case $code in 0 | 64 | 130) rm -rf "$work" ;; *) echo "what it left is in $work" >&2 ;; esac
}
[ "$(id -u)" = 0 ] || { echo "scripts/prove power: it mounts a disk, for which it has to be root" >&2; exit 64; }
need e2fsprogs
# In a mount namespace of its own: one that others make meanwhile would keep the disk mounted where it is taken out here.
if [ -z "${POWER_APART:-}" ]; then
    rm -rf "$work"
    POWER_APART=1 exec unshare --mount --propagation private sh scripts/prove power "$count" "$seed"
fi

insert() { mount -o loop "$image" "$disk" 2>"$work/mount"; }
take_out() {
    tries=0
    until umount "$disk" 2>"$work/mount"; do
        tries=$((tries + 1))
        [ "$tries" -lt 500 ] || fail "the disk is still in use: $(cat "$work/mount")"
        sleep 0.02
    done
}
# shut_down HOW [PROCESS…]: the processes are killed, and in the same instant the disk takes nothing more (FS_IOC_SHUTDOWN).
# HOW is 0: what was written is flushed; 1: the file system's own log is; 2: nothing is.
shut_down() {
    perl -e 'my ($path, $how, @processes) = @ARGV; open(my $disk, "<", $path) or die "$!\n"; $how = pack("L", $how);
        kill("KILL", @processes); ioctl($disk, 0x8004587d, $how) or die "$!\n"' "$disk" "$@"
}
format() {
    : >"$image"
    truncate -s 32M "$image"
    mkfs.ext4 -q -F -E nodiscard "$image"
}

mkdir "$disk"
format
insert || { echo "scripts/prove power: no loop device can be mounted here: $(cat "$work/mount")" >&2; exit 64; }
shut_down 2 2>"$work/mount" ||
    { echo "scripts/prove power: the file system can't be shut down here: $(cat "$work/mount")" >&2; exit 64; }
take_out

export LEDGER="$work/ledger"
begin_site() {
    round=$((round + 1))
    format
    insert || fail "$(cat "$work/mount")"
    rm -f "$LEDGER"
    : >"$LEDGER"
    : >"$work/acknowledged"
    boot=0
    if [ $((round % 2)) = 1 ]; then
        site=runs
        export BLACKSTART_HOME="$work/home$round" BLACKSTART_BOOT_ID=boot
        runs="$disk/runs"
    else
        site=all
        export BLACKSTART_HOME="$disk/home" BLACKSTART_BOOT_ID=boot-0
        runs="$BLACKSTART_HOME/runs"
    fi
    journal="$runs/proof/journal.jsonl"
}

# Begins the run, or goes on with it.
session() {
    : >"$work/said"
    if [ -f "$journal" ]; then set -- resume proof "$@"; else set -- run $runbook --run-id proof "$@"; fi
    set -- "$program" "$@" --run-dir "$runs" --no-input --output json
    # A machine of its own, whose processes end with its first.
    [ "$site" = runs ] || set -- unshare --pid --fork --kill-child sh -c '"$@"; exit $?' power "$@"
    "$@" >"$work/said" 2>"$work/out" &
    run=$!
}

# The power goes. To a program that lives on, a flush that is under way just then may say that all is well, and it is not (ext4 does
# so); with the power gone nobody hears that. So everything is killed first.
lose_power() {
    processes=$run
    if [ "$site" = all ]; then
        first=$(cat "/proc/$run/task/$run/children" 2>/dev/null || true)
        # shellcheck disable=SC2086
        processes="$(cat /proc/${first:-x}/task/${first:-x}/children 2>/dev/null || true) $first $run"
    fi
    # shellcheck disable=SC2086
    shut_down $((strikes % 2 + 1)) $processes || fail "the disk could not be shut down"
    ended
    # unshare(1) can't end by the signal that its child ended by.
    ! grep -q '^unshare: ' "$work/out" || code=137
    # What nobody could know is answered once it was asked: by the session after.
    case $code in 0 | 137) ;; 5) [ "$site" = all ] || fail "it asked" ;; *) fail "it ended with $code: $(cat "$work/out")" ;; esac
}
# The disk dies under it, and has all that was written. It finds out at its next write, says so, and ends by itself.
lose_disk() {
    shut_down 0 || fail "the disk could not be shut down"
    tries=0
    while kill -0 "$run" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 1000 ] || fail "it goes on though its disk is gone"
        sleep 0.01
    done
    ended
    case $code in
    0) ;;
    5) [ "$site" = all ] || fail "it asked" ;;
    1) grep -q '^blackstart: error: ' "$work/out" || fail "it does not say why it ended: $(cat "$work/out")" ;;
    *) fail "it ended with $code: $(cat "$work/out")" ;;
    esac
    [ "$code" != 1 ] || deaths=$((deaths + 1))
}
strike() {
    # Every fourth falls into the first moments, when keys, folders and the journal itself are made or taken up again.
    draw
    if [ $((drawn % 4)) = 0 ]; then random 150; else random $((400 + 60 * (steps - $(wc -l <"$LEDGER")))); fi
    sleep "$moment"
    if [ $((strikes % 5)) = 4 ]; then lose_disk; else lose_power; fi
    strikes=$((strikes + 1))
    take_out
    insert || fail "$(cat "$work/mount")"
    boot=$((boot + 1))
    [ "$site" = runs ] || BLACKSTART_BOOT_ID=boot-$boot
    printf '\r%s of %s' "$strikes" "$count" >&2
    if [ "$(lines)" != 0 ] && ! is_over succeeded; then tear; fi
}
# This file system keeps of an append all or nothing. Others leave a part of a line, or a stretch of NULs: so does every third.
tear() {
    draw
    case $((drawn % 6)) in
    0) head -c $((drawn / 6 % 6000 + 1)) /dev/zero >>"$journal" ;;
    1) tail -n 1 "$journal" | tr -d '\n' | head -c $((drawn / 6 % 300 + 1)) >"$work/part" && cat "$work/part" >>"$journal" ;;
    esac
}

lines() { { wc -l <"$journal"; } 2>/dev/null || echo 0; }
# A line of the journal, and the event of it that was printed, in one form.
recorded() {
    head -n "$(lines)" "$journal" | awk '{
        up = $0; sub(/.*,"up":/, "", up); sub(/[,}].*/, "", up)
        sub(/,"up":[0-9]+/, ""); sub(/,"ts":"[^"]*"/, "")
        sub(/^[{]"prev":"[0-9a-f]+","seq":[0-9]+,"t":"/, ""); sub(/"/, " " up); sub(/[}]$/, ""); print }'
}
printed() { sed -n 's/\\n/\\u000a/g; s/^{"type":"event","event":"\([^"]*\)","up":\([0-9]*\),"wall":[0-9]*\(.*\)}$/\1 \2\3/p' "$work/said"; }

# What was acknowledged is in the journal, in its order: events that were printed, and what had to be there before a command ran.
nothing_is_lost() {
    printed >>"$work/acknowledged"
    if [ "$(lines)" = 0 ]; then
        [ ! -s "$work/said" ] && [ ! -s "$work/acknowledged" ] && [ ! -s "$LEDGER" ] || fail "the whole journal is lost"
        return 0
    fi
    recorded >"$work/recorded"
    awk 'FILENAME == ARGV[1] { want[++n] = $0; next }
        at < n && $0 == want[at + 1] { at++ }
        END { if (at < n) { print n - at " acknowledged lines are lost, the first of them: " want[at + 1]; exit 1 } }
        ' "$work/acknowledged" "$work/recorded" >"$work/lost" || fail "$(cat "$work/lost")"
    awk -v journal="$work/recorded" -v runbook=$runbook '
        function field(name) {
            if (!match($0, "\"" name "\":\"[^\"]*\"")) return ""
            return substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 5) }
        FILENAME == runbook && /^- \{ id:/ {
            id = $0; sub(/.*\{ id: /, "", id); sub(/,.*/, "", id)
            needs[id] = $0; sub(/.*needs: \[/, "", needs[id]); sub(/\].*/, "", needs[id]) }
        FILENAME == journal && $1 == "step.intent" && !(field("step") in intent) { intent[field("step")] = FNR }
        FILENAME == journal && $1 == "step.done" && field("state") == "ok" && !(field("step") in done) { done[field("step")] = FNR }
        FILENAME != runbook && FILENAME != journal {
            if (!($0 in intent)) { print $0 " ran, and its intent is lost"; bad = 1 }
            n = split(needs[$0], list, /, */)
            for (i = 1; i <= n; i++) if (!(list[i] in done) || done[list[i]] > intent[$0]) {
                print $0 " ran, and that " list[i] " was done is not on record before it"; bad = 1 } }
        FILENAME == runbook && /needs: \[[a-z]/ { edges += split(needs[id], list, /, */) }
        END { if (edges < 30) { print "only " edges " edges were read"; bad = 1 }; exit bad }' $runbook "$work/recorded" "$LEDGER" >"$work/lost" || fail "$(cat "$work/lost")"
    # What a result names was kept before it.
    grep -o '"bytes":[0-9]*,"sha256":"[0-9a-f]*"' "$work/recorded" | sort -u |
        sed -n 's/"bytes":\([1-9][0-9]*\),"sha256":"\(.*\)"/\2  \2-\1/p' >"$work/sums"
    [ ! -s "$work/sums" ] || (cd "$runs/proof/outputs" && sha256sum --quiet -c "$work/sums") >"$work/lost" 2>&1 ||
        fail "an output that is on record is lost: $(cat "$work/lost")"
}
# The journal stands as the power left it; only its last line may be unfinished. Hosts have heard of no line that is not there.
journal_recovers() {
    if [ "$(lines)" = 0 ]; then
        unbegun=$((unbegun + 1))
        rm -rf "$runs/proof"
        return 0
    fi
    set -- "$program" journal verify proof --run-dir "$runs"
    [ "$site" != runs ] || set -- "$@" --hosts
    "$@" >"$work/verified" 2>&1 && return 0
    [ "$(tail -c 1 "$journal" | wc -l)" = 0 ] && grep -q "does not end with a line feed" "$work/verified" || fail "$(cat "$work/verified")"
}

# What a person answers who has looked, a word a line: it runs again only where it never ran.
answers() {
    [ "$site" = all ] && [ -f "$journal" ] || return 0
    awk '$1 == "step.intent" || $1 == "step.done" {
            match($0, /"step":"[^"]*"/); step = substr($0, RSTART + 8, RLENGTH - 9)
            if ($1 == "step.intent") open[step] = 1; else if ($0 ~ /"state":"ok"/) delete open[step] }
        END { for (step in open) print step }' "$work/recorded" | sort |
        while read -r step; do
            if grep -qx "$step" "$LEDGER"; then printf -- "--answer\n%s=done:the ledger has it\n" "$step"
            else printf -- "--answer\n%s=retry\n" "$step"; fi
        done
}

unbegun=0
deaths=0
cuts=0
asked=0
while [ "$strikes" -lt "$count" ]; do
    begin_site
    tries_left=200
    # What was lost may be no more than the last seal, or the word that hosts may forget the run.
    until [ -f "$journal" ] && is_over succeeded; do
        tries_left=$((tries_left - 1))
        [ "$tries_left" -gt 0 ] || fail "it is never done"
        IFS='
'
        # shellcheck disable=SC2046
        set -- $(answers)
        unset IFS
        session "$@"
        # Six are enough for one run: then it has to come to its end.
        if [ "$strikes" -lt "$count" ] && [ "$boot" -lt 6 ]; then
            strike
            [ "$code" != 0 ] || is_over succeeded || fail "it ended with 0, and the journal does not say so"
        else
            ended
            [ "$code" = 0 ] || { [ "$site" = all ] && [ "$code" = 5 ]; } || fail "it ended with $code: $(cat "$work/out")"
        fi
        nothing_is_lost
        journal_recovers
    done
    "$program" journal verify proof --run-dir "$runs" >"$work/verified" 2>&1 || fail "$(cat "$work/verified")"
    [ "$(sort -u "$LEDGER" | wc -l)" = "$steps" ] || fail "only $(sort -u "$LEDGER" | wc -l) commands ran"
    [ "$(wc -l <"$LEDGER")" = "$steps" ] || fail "ran more than once: $(sort "$LEDGER" | uniq -d | tr '\n' ' ')"
    questions=$(grep -c '"t":"question.asked"' "$journal" || true)
    [ "$site" = all ] || [ "$questions" = 0 ] || fail "$questions questions were asked"
    asked=$((asked + questions))
    cuts=$((cuts + $(grep -c '"t":"recovered"' "$journal" || true)))
    # What lies beside it for stock tools is whole too.
    "$program" journal export proof --run-dir "$runs" -o "$work/export" >/dev/null || fail "it can't be exported"
    cmp "$work/export/verify-journal.sh" "$runs/proof/verify-journal.sh" >"$work/lost" 2>&1 || fail "$(cat "$work/lost")"
    ! grep -Fxvf "$runs/proof/allowed_signers" "$work/export/allowed_signers" >"$work/lost" ||
        fail "allowed_signers lacks $(cat "$work/lost")"
    rm -rf "$work/export"
    take_out
    rm -rf "$work/home$round"
done
printf '\r' >&2
echo "power: $strikes power losses, $deaths of them of the disk under a living program, in $round runs: 0 acknowledged lines lost, 0 journals that did not recover; $cuts were cut as torn tails, $unbegun had not begun; each command ran exactly once, $asked were unclear and asked about. $(seconds) s"
