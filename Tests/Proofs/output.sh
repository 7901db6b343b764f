# A host that shouts: one real OpenSSH server, and commands that print what nobody should see raw.

export BLACKSTART_HOME="$work/home"
mkdir "$BLACKSTART_HOME" "$work/host-home"
ssh-keygen -q -t ed25519 -N '' -f "$work/host"
ssh-keygen -q -t ed25519 -N '' -f "$work/client"
[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
server=""
port=2300
while [ -z "$server" ] && [ "$port" -lt 2320 ]; do
    port=$((port + 1))
    cat >"$work/sshd_config" <<END
ListenAddress 127.0.0.1
Port $port
HostKey $work/host
AuthorizedKeysFile $work/client.pub
SetEnv HOME=$work/host-home
PidFile $work/sshd.pid
StrictModes no
UsePAM no
PasswordAuthentication no
LogLevel ERROR
END
    if "$(command -v sshd || echo /usr/sbin/sshd)" -f "$work/sshd_config" 2>"$work/sshd.err"; then
        tries=0
        while [ ! -s "$work/sshd.pid" ] && [ "$tries" -lt 50 ]; do tries=$((tries + 1)); sleep 0.1; done
        server=$(cat "$work/sshd.pid" 2>/dev/null || true)
    fi
done
[ -n "$server" ] || { cat "$work/sshd.err" >&2; fail "no SSH server"; }
stop_server() { kill "$server" 2>/dev/null || true; }
trap 'stop_server; finish' EXIT

cat >"$work/inventory.yaml" <<END
version: 1
name: One host
hosts:
  h: { kind: physical, address: 127.0.0.1, port: $port, user: $(id -un), identity_file: client, host_key: "$(ssh-keygen -lf "$work/host.pub" | cut -d' ' -f2)" }
END
cat >"$work/runbook.yaml" <<'END'
version: 1
name: A host that shouts
inventory: inventory.yaml
steps:
- id: escapes
  name: Escapes
  hosts: h
  run: printf '\033]0;owned\007\033[2J\033[31mred\r over \b\b\23331m \342\200\256 turned \377\376 \000 nul\n'; exit 3
  on_failure: continue
- { id: nuls, name: NULs, hosts: h, needs: [], run: "head -c 5000000 /dev/zero" }
- { id: one-line, name: 100 MB in one line, hosts: h, needs: [], run: "head -c 104857600 /dev/zero | tr '\\0' A" }
- { id: lines, name: 100 MB of lines, hosts: h, needs: [], run: "yes 'a line of text' | head -c 104857600 >&2" }
- { id: check, name: A check that shouts, hosts: h, needs: [], wait_for: { run: "head -c 104857600 /dev/zero | tr '\\0' A", contains: A } }
- id: endless
  name: A line without end
  hosts: h
  needs: []
  run: while :; do printf '%065536d' 0; sleep 0.01; done
  timeout: 5s
  on_failure: continue
END

start run "$work/runbook.yaml" --run-id shouts --no-input
peak=0
while kill -0 "$run" 2>/dev/null; do
    now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$run/status" 2>/dev/null || true)
    [ -z "$now" ] || peak=$now
    sleep 0.1
done
ended
[ "$code" = 3 ] || { cat -v "$work/out" >&2; fail "the run ended with $code, not 3"; }
[ "$peak" -gt 0 ] && [ "$peak" -lt 100000 ] || fail "it took $peak kB of memory"

# The same run as a person's terminal gets it, and what is read afterwards.
"$program" journal show shouts >"$work/shown" 2>&1
"$program" status shouts >>"$work/shown" 2>&1 || true
script -qec "$program run $work/runbook.yaml --run-id again --no-input" "$work/terminal" >/dev/null || true
for file in out shown; do
    raw=$(LC_ALL=C tr -d '\n\t -~\200-\377' <"$work/$file" | wc -c)
    [ "$raw" = 0 ] || fail "$raw control characters in $file"
done
LC_ALL=C grep -qF "$(printf '\342\200\256')" "$work/out" "$work/shown" && fail "a turn of direction was shown"
for word in ']0;owned' '[31mred' '[2J'; do
    if LC_ALL=C grep -qF "$(printf '\033')$word" "$work/terminal"; then fail "the host's own escape $word reached the terminal"; fi
done
if LC_ALL=C tr -d -c '\000\007\010' <"$work/terminal" | grep -q .; then fail "control characters reached the terminal"; fi
grep -q 'u{1b}\]0;owned' "$work/out" || fail "the host's words are not shown at all"
"$program" journal verify shouts >/dev/null || fail "the journal does not stand"
echo "output: 300 MB, NULs, escapes and a line without end: nothing raw was shown; $peak kB of memory at most. $(seconds) s"
