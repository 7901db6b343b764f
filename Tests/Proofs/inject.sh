# Each call that the program makes on a file of its home fails in turn: with an error, with half of a write, with a kill.
#
# The call is struck in the program, by a library before the C library's; strace could strike too, but it counts by
# thread, and threads take turns at the journal. What strace is there for: that this library sees every call that the
# kernel does. Receipts are left out: the shells of the steps keep them, and they run on other machines as a rule.
#
# Wherever it strikes: the run goes on to its end; or it stops with one error and one of its exit codes, and a resume (a
# run, where nothing was begun) leads to the same end as if nothing had been.
#
# INJECT_ONLY is a pattern of grep for those faults alone that fit it, as 'run write runs/proof/journal.jsonl 7 EIO'.
need strace gcc libc6-dev
work=$(cd "$work" && pwd -P)
gcc -shared -fPIC -O2 -Wall -Werror -o "$work/inject.so" Tests/Proofs/inject.c -ldl
runbook=Tests/Proofs/inject.yaml
inventory=Tests/Proofs/inventory.yaml
for n in $(seq -w 20); do echo "s$n"; done >"$work/steps"
begin_run="run $runbook -i $inventory --run-id proof --no-input"
go_on="resume proof --no-input"

# A home that nobody has been in.
fresh() {
    round=$((round + 1))
    export BLACKSTART_HOME="$work/home$round" RAN="$work/ran$round"
    folder="$BLACKSTART_HOME/runs/proof"
    journal="$folder/journal.jsonl"
    : >"$RAN"
}
forget() { rm -rf "$BLACKSTART_HOME" "$RAN"; }

# struck COMMAND…: the program, with the call of the case; $code is how it ended.
struck() {
    code=0
    rm -f "$work/calls"
    timeout -k 5 60 $traced env LD_PRELOAD="$work/inject.so" INJECT_UNDER="$BLACKSTART_HOME" INJECT_LOG="$work/calls" \
        INJECT_CALL="$call" INJECT_FILE="$file" INJECT_AT="$nth" INJECT_KIND="$kind" \
        "$program" "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
}
part=run traced="" call="" file="" nth="" kind=""
# plain COMMAND…: the same without a fault.
plain() {
    code=0
    timeout -k 5 60 "$program" "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
}

# A case that breaks a promise is told of, its files stay, and the other cases are played all the same.
broken=0
breaks() {
    broken=$((broken + 1))
    [ ! -e "$BLACKSTART_HOME" ] || cp -a "$BLACKSTART_HOME" "$work/broken$broken"
    echo >&2
    echo "BROKEN in round $round (seed $seed): $part, $kind at $call $file $nth: $*" >&2
    sed 's/^/    /' "$work/err" >&2
    return 1
}

# What a run leaves: how it stands, its outputs by their names, its frozen copies.
left() {
    "$program" status proof --output json
    ls "$folder/outputs"
    (cd "$folder" && sha256sum runbook.yaml inventory.yaml files/*)
}
# Each key that a seal of the journal announces, and each that its signers' list has. An opening that was torn from its
# seal announces nothing.
announced() {
    awk '/"t":"(run|session).open"/ { opening = $0; next } /"t":"seal"/ { print opening; print } { opening = "" }' "$journal" |
        grep -oE '"(key|next)":"[^"]*"' | cut -d '"' -f 4 | sort -u
}
listed() { awk 'NF != 4 { print "no signer: " $0; next } { print $3, $4 }' "$folder/allowed_signers" | sort -u; }

# is_as_undisturbed: whether the end is that of the run that nothing befell.
is_as_undisturbed() {
    sort "$RAN" | cmp -s - "$work/steps" || { breaks "ran: $(sort "$RAN" | uniq -c | tr -s ' \n' ' ')"; return 1; }
    "$program" journal verify proof >"$work/verified" 2>&1 || { breaks "$(cat "$work/verified")"; return 1; }
    is_sealed || { breaks "its last lines are not sealed"; return 1; }
    left >"$work/left" 2>&1
    cmp -s "$work/left" "$work/undisturbed" || { breaks "it left: $(diff "$work/undisturbed" "$work/left" | tail -n +2)"; return 1; }
    announced >"$work/announced"
    listed >"$work/listed" 2>&1
    cmp -s "$work/announced" "$work/listed" || breaks "signers: $(diff "$work/announced" "$work/listed" | tail -n +2)"
}

# is_honest: whether it ended in a way that is allowed for.
is_honest() {
    errors=$(grep -cE '^(blackstart|/[^ ]*:[0-9]+:[0-9]+): error: ' "$work/err" || true)
    case $code in
    0) [ "$errors" = 0 ] ;;
    1 | 65) [ "$errors" = 1 ] ;;
    137) [ "$kind" = KILL ] || [ "$kind" = torn ] ;;
    130) [ "$kind" = ENOSPC ] || [ "$kind" = full ] ;;
    *) false ;;
    esac || { breaks "it ended with $code, and $errors errors"; return 1; }
    case $code-$call-$file-$kind in
    # The last words about a full disk have a reserve.
    130-* | 1-write-*journal.jsonl-ENOSPC | 1-write-*journal.jsonl-full | 1-pwrite-*-ENOSPC | 1-pwrite-*-full) is_sealed_full ;;
    # Whoever goes on has to be at the end.
    0-write-*journal.jsonl-ENOSPC | 0-write-*journal.jsonl-full) is_near_end ;;
    esac || { breaks "that the disk is full was not recorded and sealed"; return 1; }
}
is_sealed() { tail -n 1 "$journal" | grep '"t":"seal"' | grep -qv '"next"'; }
is_sealed_full() { grep -q '"t":"run.halted".*the disk that holds the journal is full' "$journal" && is_sealed; }
is_near_end() { [ "$(sed '1,/^INJECTED/d' "$work/calls" | grep -c '^write .*journal.jsonl')" -le 3 ]; }
# Whether nothing was begun: no line of the journal is whole.
is_unbegun() { [ ! -e "$journal" ] || [ "$(wc -l <"$journal")" = 0 ]; }

at_once=0 resumed=0 unbegun=0 over=0 missed=0
# one: plays the case of $part $kind $call $file $nth; fails where it breaks a promise.
one() {
    fresh
    if [ "$part" = run ]; then
        # shellcheck disable=SC2086
        struck $begin_run
    else
        cp -a "$work/home-half" "$BLACKSTART_HOME"
        cp "$work/ran-half" "$RAN"
        # shellcheck disable=SC2086
        struck $go_on
    fi
    # The last batches of a journal are not the same number each time.
    hit=$(grep -c '^INJECTED' "$work/calls" || true)
    if [ "$hit" = 0 ]; then
        missed=$((missed + 1))
        return
    fi
    strikes=$((strikes + 1))
    is_honest || return 1
    if [ "$code" = 0 ]; then
        at_once=$((at_once + 1))
    elif is_unbegun; then
        unbegun=$((unbegun + 1))
        [ ! -s "$RAN" ] || { breaks "steps ran, and nothing is on record"; return 1; }
        # shellcheck disable=SC2086
        plain $begin_run
        [ "$code" = 0 ] || { breaks "run again, it ended with $code"; return 1; }
    elif is_over succeeded; then
        over=$((over + 1))
        # shellcheck disable=SC2086
        plain $go_on
        case $code in 0 | 64) ;; *) breaks "resumed at its end, it ended with $code"; return 1 ;; esac
    else
        resumed=$((resumed + 1))
        # shellcheck disable=SC2086
        plain $go_on
        [ "$code" = 0 ] || { breaks "resumed, it ended with $code"; return 1; }
    fi
    is_as_undisturbed || return 1
    forget
}

# The undisturbed run; both see the same calls.
fresh
traced="strace -f -y -qq -o $work/trace -e trace=?open,openat,?openat2,?creat,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,sync_file_range,msync,?rename,renameat,renameat2,?link,linkat,?symlink,symlinkat,?unlink,unlinkat,?rmdir,?mkdir,mkdirat,?mknod,mknodat,truncate,ftruncate,fallocate,flock,?chmod,fchmod,fchmodat,?chown,fchown,fchownat,copy_file_range,sendfile,splice"
# shellcheck disable=SC2086
struck $begin_run
traced=""
[ "$code" = 0 ] || { cat "$work/out" "$work/err" >&2; fail "undisturbed, it ended with $code"; }
awk -v home="$BLACKSTART_HOME" '
    / resumed>/ || /execve/ { next }
    {
        name = $2; sub(/\(.*/, "", name)
        if (!match($0, /"[^"]*"/) || name ~ /write|sync|trunc|fallocate|flock/) match($0, /<[^>]*>/)
        path = substr($0, RSTART + 1, RLENGTH - 2)
        if (index(path, home) != 1 || index(path, home "/receipts") == 1) next
        sub(/at$/, "", name); sub(/64$/, "", name)
        path = substr(path, length(home) + 2)
        if (path ~ /outputs\/\.open-/) path = "outputs/open"
        if (path ~ /^keys\/.*\./) sub(/\..*/, ".draft", path)
        print name, path == "" ? "." : path
    }' "$work/trace" | sort >"$work/kernel"
sort "$work/calls" >"$work/seen"
cmp -s "$work/kernel" "$work/seen" || { diff "$work/kernel" "$work/seen" >&2; fail "strace sees other calls"; }
left >"$work/undisturbed"
is_as_undisturbed
grep -q '"s20":"ok"' "$work/undisturbed" || fail "nothing to compare with: $(cat "$work/undisturbed")"

# cases PART MOST: a line for each kind of fault at each of these calls, at most so many of the same.
cases() {
    sort "$work/calls" | uniq -c | awk -v part="$1" -v most="$2" '{
        for (n = 1; n <= $1 && n <= most; n++) {
            print part, $2, $3, n, "EIO"; print part, $2, $3, n, "ENOSPC"; print part, $2, $3, n, "EINTR"
            print part, $2, $3, n, "KILL"
            if ($2 !~ /write/) continue
            print part, $2, $3, n, "short"; print part, $2, $3, n, "torn"; print part, $2, $3, n, "full"
        } }'
}
cases run 1000 >"$work/cases"
printf 'run all - 0 short\nrun all - 0 EINTR\n' >>"$work/cases"

# A run that was killed in the middle, with half a line: its resume opens, cuts, writes and signs by other ways.
forget
fresh
half=$(($(grep -c '^write .*journal.jsonl' "$work/calls") / 2))
call=write file=runs/proof/journal.jsonl nth=$half kind=torn
# shellcheck disable=SC2086
struck $begin_run
[ "$code" = 137 ] || fail "it was not killed at write $half of the journal"
cp -a "$BLACKSTART_HOME" "$work/home-half"
cp "$RAN" "$work/ran-half"
call=""
# shellcheck disable=SC2086
struck $go_on
part=resume
[ "$code" = 0 ] && is_as_undisturbed || fail "killed in the middle, it was not resumed"
forget
cases resume 3 | grep -v ' outputs/' >>"$work/cases"
if [ -n "${INJECT_ONLY:-}" ]; then
    grep -E "$INJECT_ONLY" "$work/cases" >"$work/only" || fail "no fault is like $INJECT_ONLY"
    mv "$work/only" "$work/cases"
fi

# Which of them: all, or so many by chance.
all=$(wc -l <"$work/cases")
wanted=$count
if [ "$count" = all ]; then count=$all; fi
while read -r case; do
    draw
    echo "$drawn $case"
done <"$work/cases" | sort -n | head -n "$count" | cut -d ' ' -f 2- >"$work/drawn"

while read -r part call file nth kind; do
    one || true
    printf '\r%s of %s' $((strikes + missed)) "$count" >&2
done <"$work/drawn"
# One run writes more batches than another: on, until there is none to strike.
if [ "$wanted" = all ] && [ -z "${INJECT_ONLY:-}" ]; then
    part=run file=runs/proof/journal.jsonl
    for fault in write-EIO write-ENOSPC write-EINTR write-KILL write-short write-torn write-full \
        fdatasync-EIO fdatasync-ENOSPC fdatasync-EINTR fdatasync-KILL; do
        call=${fault%-*} kind=${fault#*-} hit=1
        nth=$(grep -c "^run $call $file .* $kind" "$work/cases")
        while [ "$hit" != 0 ]; do
            nth=$((nth + 1))
            one || true
        done
    done
fi
printf '\r' >&2
kinds=$(cut -d ' ' -f 1-3 "$work/drawn" | sort -u | wc -l)
figures="$strikes faults at $kinds kinds of calls ($all faults there are): $at_once ended as the undisturbed run at once, $resumed stopped and ended so when resumed, $unbegun had not begun and ended so when run again, $over were over but for their last words"
[ "$broken" = 0 ] || fail "$broken broke a promise, of $figures"
echo "inject: $figures; nothing ran twice; every journal stands. $(seconds) s"
