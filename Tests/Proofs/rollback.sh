# A rollback is killed and resumed until all is undone.

while [ "$strikes" -lt "$count" ]; do
    begin
    begin_run
    ended
    [ "$code" = 0 ] || { cat "$work/out" >&2; fail "the run ended with $code"; }
    start rollback proof --to half --no-input -y
    strike_within 3000
    while [ "$code" = 137 ] && ! is_over rolled-back; do
        # A rollback that was never begun is begun; one that was goes on by itself.
        if grep -q '"t":"rollback.begun"' "$journal"; then start resume proof --no-input -y
        else start rollback proof --to half --no-input -y; fi
        if [ "$strikes" -lt "$count" ]; then strike_within 2000; else ended; fi
    done
    [ "$code" = 6 ] || is_over rolled-back || { cat "$work/out" >&2; fail "the rollback ended with $code"; }
    hosts_count
    journal_stands
    all_ran stop 27
    ran | awk -F'\t' '$5 ~ /^stop/ && $3 < "s21" { print $3 " lies before the checkpoint"; exit 1 }' || fail "undone too far"
    { cat "$lab"/hosts/*/ended.log | sed 's/^/end	/'; ran | sed 's/^/ran	/'; } | awk -F'\t' -v runbook=$runbook '
        $6 !~ /^stop/ { next }
        $1 == "ran" { if (!($4 in first) || $2 < first[$4]) first[$4] = $2 }
        $1 == "end" { if ($2 > last[$4]) last[$4] = $2 }
        END {
            while ((getline line <runbook) > 0) {
                if (line !~ /^- \{ id: s/) continue
                id = line; sub(/.*\{ id: /, "", id); sub(/,.*/, "", id)
                needs = line; sub(/.*needs: \[/, "", needs); sub(/\].*/, "", needs)
                n = split(needs, list, /, */)
                for (i = 1; i <= n; i++) if (list[i] in first && first[list[i]] < last[id]) {
                    print list[i] " was undone before " id; bad = 1 }
            }
            exit bad
        }' >"$work/order" || fail "$(cat "$work/order")"
    end_round
done
echo "rollback: $strikes kills in $round rollbacks of 20 steps: each undo ran exactly once, in reverse order; every journal stands. $(seconds) s"
