# A large pack: made and opened in little memory, by this program and by the stock ones; killed in between.

need age
export BLACKSTART_HOME="$work/home"
mkdir "$BLACKSTART_HOME"
most_kb=100000

cat >"$work/book.yaml" <<'END'
version: 1
name: One step
inventory: inventory.yaml
steps:
- { id: one, name: One, hosts: h, run: "true" }
END
cat >"$work/inventory.yaml" <<'END'
version: 1
name: One host
hosts:
  h: { kind: physical, address: 10.0.0.1, user: root, host_key: "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }
END
printf 'version: 1\nname: All well\nhosts: { h: { answers: [{ run: "*" }] } }\n' >"$work/fixture.yaml"
"$program" dry-run "$work/book.yaml" --fixture "$work/fixture.yaml" --run-id drill -y --no-input >"$work/out" 2>&1 ||
    { cat "$work/out" >&2; fail "no run"; }
# A run that printed a lot: what cannot be made smaller, in files of 10 MB.
left=$count
while [ "$left" -gt 0 ]; do
    head -c 10000000 /dev/urandom >"$BLACKSTART_HOME/runs/drill/outputs/part-$left"
    left=$((left - 10))
done
marker="the words that no disk may show"
yes "$marker" | head -c 10000000 >"$BLACKSTART_HOME/runs/drill/outputs/marked"
for key in one two; do "$program" pack key -o "$work/$key" >>"$work/keys" 2>/dev/null; done

# watched COMMAND…: runs it, and puts the most memory that it took into $peak, its exit code into $code.
watched() {
    start "$@"
    peak=0
    while kill -0 "$run" 2>/dev/null; do
        now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$run/status" 2>/dev/null || true)
        [ -z "$now" ] || peak=$now
        sleep 0.02
    done
    ended
    [ "$code" = 0 ] || { cat "$work/out" >&2; fail "\"$2\" ended with $code"; }
    [ "$peak" -gt 0 ] && [ "$peak" -lt "$most_kb" ] || fail "\"$2\" took $peak kB of memory"
}

mkdir "$work/there"
pack="$work/there/north.age"
make() { "$@" pack make "$work/book.yaml" --recipients-file "$work/keys" --run drill -o "$pack"; }
watched pack make "$work/book.yaml" --recipients-file "$work/keys" --run drill -o "$pack"
made=$peak
[ "$(wc -c <"$pack")" -gt $((count * 1000000)) ] || fail "the pack is too small"
! grep -qF "$marker" "$pack" || fail "the pack shows what is in it"
watched pack open "$pack" --identity "$work/two" -o "$work/opened"
opened=$peak
mkdir "$work/stock"
age -d -i "$work/one" "$pack" | tar x -C "$work/stock"
diff -r "$work/stock" "$work/opened" || fail "the stock programs find something else"
diff -r "$BLACKSTART_HOME/runs/drill/outputs" "$work/opened/runs/drill/outputs" || fail "what comes out is not what went in"
rm -rf "$work/stock" "$work/opened"

# Killed at any moment, a pack is there as a whole or not at all, and what it left shows nothing.
strikes=0
while [ "$round" -lt 10 ]; do
    round=$((round + 1))
    rm -rf "$work/there"
    mkdir "$work/there"
    start pack make "$work/book.yaml" --recipients-file "$work/keys" --run drill -o "$pack"
    strike_within 1500
    if [ "$code" = 137 ]; then
        [ ! -e "$pack" ] || age -d -i "$work/one" "$pack" >/dev/null || fail "a killed pack looks whole"
        ! grep -rqF "$marker" "$work/there" || fail "plain text was left behind"
    fi
done
rm -rf "$work/there"
mkdir "$work/there"
make "$program" >/dev/null
# Interrupted, it cleans up; killed, the folder has not its name yet.
round=0
while [ "$round" -lt 10 ]; do
    round=$((round + 1))
    rm -rf "$work"/target*
    start pack open "$pack" --identity "$work/one" -o "$work/target"
    random 1500
    sleep "$moment"
    kill -TERM "$run" 2>/dev/null || true
    ended
    case $code in
    130) [ -z "$(ls -d "$work"/target* 2>/dev/null)" ] || fail "an interrupted one left something" ;;
    0) (cd "$work/target" && sha256sum --quiet -c CONTENTS) || fail "what was opened is not whole" ;;
    143) ;;
    *) cat "$work/out" >&2; fail "it ended with $code" ;;
    esac
done
echo "pack: $count MB; $made kB of memory to make it, $opened kB to open it; $strikes kills and 10 interruptions. $(seconds) s"
