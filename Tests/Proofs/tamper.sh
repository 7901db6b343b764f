# Everything that can be done to real journals, before our verifier and before verify-journal.sh.

export BLACKSTART_HOME="$work/home"
mkdir "$BLACKSTART_HOME" "$work/one"
cat >"$work/inventory.yaml" <<'END'
version: 1
name: This machine
hosts: { a: { address: 127.0.0.1 } }
END

# A real journal at $journal, of one of several kinds: done, stopped, taken up again, with work by hand, killed, approved.
make() {
    draw
    steps=$((drawn % 3 + 1))
    draw
    kind=$((drawn % 6))
    # The receipts of this machine as well: a run of the same name would find those of the one before.
    rm -rf "$BLACKSTART_HOME/runs" "$BLACKSTART_HOME/receipts"
    {
        printf 'version: 1\nname: Tampered with\ninventory: inventory.yaml\nsteps:\n'
        n=0 needs=
        while [ $n -lt $steps ]; do
            n=$((n + 1))
            echo "- { id: s$n, name: \"Step \\u202e$n é\", hosts: local, run: 'echo $drawn', needs: [$needs] }"
            needs=s$n
        done
        case $kind in
        1 | 2 | 3) echo "- { id: last, name: Last, hosts: local, run: 'test -e \"$work/go\"', needs: [$needs], on_failure: stop }" ;;
        4) echo "- { id: last, name: Last, hosts: local, run: 'kill -9 \"\$(cat \"$work/pid\")\"; sleep 9', needs: [$needs] }" ;;
        5) echo "- { id: last, name: Last, needs: [$needs], approval: { roles: [lead] } }" ;;
        esac
    } >"$work/runbook.yaml"
    rm -f "$work/go" "$work/pid"
    if [ $kind = 5 ]; then
        printf 'version: 1\nname: This machine\ncontacts: { boss: { name: Boss, roles: [lead], signer: boss@ops } }\nhosts: { a: { address: 127.0.0.1 } }\n' >"$work/inventory.yaml"
    fi
    "$program" run "$work/runbook.yaml" --run-id proof -y -q --no-input >"$work/out" 2>&1 &
    run=$!
    echo $run >"$work/pid"
    code=0
    wait $run || code=$?
    run=""
    journal="$BLACKSTART_HOME/runs/proof/journal.jsonl"
    case $kind in
    2) touch "$work/go" && "$program" resume proof -q --no-input >"$work/out" 2>&1 || fail "no resume: $(cat "$work/out")" ;;
    3)
        "$program" journal add proof --step last --done --when 'before "three"' --what 'pressed \ it' >"$work/out" 2>&1 ||
            fail "no work by hand: $(cat "$work/out")"
        ;;
    5)
        [ -f "$work/boss" ] || ssh-keygen -q -t ecdsa -N '' -C boss@ops -f "$work/boss"
        grep -q boss@ops "$BLACKSTART_HOME/keys/allowed_signers" ||
            echo "boss@ops $(cut -d' ' -f1,2 "$work/boss.pub")" >>"$BLACKSTART_HOME/keys/allowed_signers"
        line=$(grep -n '"t":"question.asked"' "$journal" | tail -n 1 | cut -d: -f1)
        head -n "$line" "$journal" | ssh-keygen -q -Y sign -n blackstart-approval -f "$work/boss" >"$work/approval"
        "$program" approve proof last --signature "$work/approval" --as boss@ops >"$work/out" 2>&1 ||
            fail "no approval: $(cat "$work/out")"
        "$program" resume proof -q --no-input >"$work/out" 2>&1 || fail "no resume: $(cat "$work/out")"
        ;;
    esac
    [ -s "$journal" ] || { cat "$work/out" >&2; fail "no journal of kind $kind"; }
}

flips=0 cuts=0 moves=0 scripts=0
while [ "$strikes" -lt "$count" ]; do
    strikes=$((strikes + 1))
    round=$strikes
    make
    found=$("$tamper" "$journal" "$BLACKSTART_HOME/runs/proof/verify-journal.sh" "$work/one" 4000 $((seed * 1000 + strikes))) ||
        { echo "$found" >&2; cp "$journal" "$work/misjudged.jsonl"; fail "kind $kind: see $work/misjudged.jsonl"; }
    # shellcheck disable=SC2086
    set -- $found
    flips=$((flips + $1)) cuts=$((cuts + $2)) moves=$((moves + $3)) scripts=$((scripts + $4))
    printf '\r%s of %s' "$strikes" "$count" >&2
done
printf '\r' >&2
echo "tamper: $strikes real journals; $flips flipped bits, $cuts cuts, $moves lines left out, doubled or swapped: each refused, or what journal.md says of it; verify-journal.sh agrees on all $scripts that it was asked about. $(seconds) s"
