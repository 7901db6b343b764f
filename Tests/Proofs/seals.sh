# Seals of a real run before stock tools, and flipped bits before ours.

begin
begin_run
ended
[ "$code" = 0 ] || { cat "$work/out" >&2; fail "the run ended with $code"; }
journal_stands

seals=0
for line in $(grep -n '"t":"seal"' "$journal" | cut -d: -f1); do
    field() { sed -n "${line}s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$journal"; }
    printf -- '-----BEGIN SSH SIGNATURE-----\n%s\n-----END SSH SIGNATURE-----\n' "$(field sig)" >"$work/seal.sig"
    head -n "$((line - 1))" "$journal" |
        ssh-keygen -Y verify -q -f "$BLACKSTART_HOME/runs/proof/allowed_signers" -I "$(field by)" \
            -n blackstart-journal -s "$work/seal.sig" || fail "ssh-keygen refuses the seal of line $line"
    seals=$((seals + 1))
done

# Bit BIT of byte OFFSET (from 0) is flipped in a copy.
copy="$BLACKSTART_HOME/runs/copy"
mkdir "$copy"
flip() {
    cp "$journal" "$copy/journal.jsonl"
    byte=$(od -An -tu1 -j "$1" -N 1 "$journal" | tr -d ' ')
    # shellcheck disable=SC2059
    printf "\\$(printf %o $((byte ^ (1 << $2))))" |
        dd of="$copy/journal.jsonl" bs=1 seek="$1" conv=notrunc 2>/dev/null
}
size=$(wc -c <"$journal")
while [ "$strikes" -lt "$count" ]; do
    strikes=$((strikes + 1))
    draw
    offset=$((drawn % size))
    bit=$((strikes % 8))
    flip "$offset" "$bit"
    line=$(($(head -c "$offset" "$journal" | wc -l) + 1))
    code=0
    "$program" journal verify "$copy/journal.jsonl" >"$work/out" 2>&1 || code=$?
    [ "$code" = 7 ] || { cat "$work/out" >&2; fail "bit $bit of byte $offset flipped: exit $code, not 7"; }
    grep -q "journal.jsonl:$line[:,. ]\|line $line[^0-9]" "$work/out" ||
        { cat "$work/out" >&2; fail "bit $bit of byte $offset flipped: line $line is not named"; }
    printf '\r%s of %s' "$strikes" "$count" >&2
done
lines=$(wc -l <"$journal")
end_round
printf '\r' >&2
echo "seals: ssh-keygen accepts all $seals seals of $lines lines; $strikes flipped bits were refused, each with its line. $(seconds) s"
