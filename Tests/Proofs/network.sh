# The network fails between namespaces: a controller, a router, a host, and a host behind a jump host. What comes back
# within the step's timeout is found again by the run itself, and each command ran exactly once.
#
#     controller 10.213.1.2 - router - 10.213.2.2 host            the link to the router is slow: what is sent takes a while
#                                    - 10.213.3.2 jump - 10.213.4.2 behind
need iproute2
[ "$(id -u)" = 0 ] || { echo "scripts/prove network: it makes network namespaces, for which it has to be root" >&2; exit 64; }

net=bs$$
spaces="controller router host jump behind"
servers=""
finish() {
    code=$?
    [ -z "$run" ] || kill -9 "$run" 2>/dev/null || true
    for space in $spaces; do
        for pid in $(ip netns pids "$net$space" 2>/dev/null); do kill -9 "$pid" 2>/dev/null || true; done
        ip netns del "$net$space" 2>/dev/null || true
    done
    if [ "$code" = 0 ]; then rm -rf "$work"; else echo "what it left is in $work" >&2; fi
}
at() {
    space=$1
    shift
    ip netns exec "$net$space" "$@"
}

# join SPACE ADDRESS SPACE ADDRESS: a link between the two.
links=0
join() {
    links=$((links + 1))
    ip -n "$net$1" link add "l$links" type veth peer name "l$links" netns "$net$3"
    ip -n "$net$1" addr add "$2/24" dev "l$links"
    ip -n "$net$3" addr add "$4/24" dev "l$links"
    ip -n "$net$1" link set "l$links" up
    ip -n "$net$3" link set "l$links" up
}
for space in $spaces; do
    ip netns add "$net$space"
    ip -n "$net$space" link set lo up
done
join controller 10.213.1.2 router 10.213.1.1
join router 10.213.2.1 host 10.213.2.2
join router 10.213.3.1 jump 10.213.3.2
join jump 10.213.4.1 behind 10.213.4.2
ip -n "${net}controller" route add default via 10.213.1.1
ip -n "${net}host" route add default via 10.213.2.1
ip -n "${net}jump" route add default via 10.213.3.1
ip -n "${net}behind" route add default via 10.213.4.1
at router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'

mkdir -p /run/sshd
for key in host_key client_key; do ssh-keygen -q -t ed25519 -N '' -f "$work/$key"; done
for space in host jump behind; do
    mkdir -p "$work/$space/home"
    cat >"$work/$space/login" <<END
#!/bin/sh
HOME='$work/$space/home' BLACKSTART_BOOT_ID=$space; export HOME BLACKSTART_BOOT_ID
: >'$work/$space/entered'
cd "\$HOME" && exec /bin/sh -c "\$SSH_ORIGINAL_COMMAND"
END
    chmod 700 "$work/$space/login"
    cat >"$work/$space/sshd_config" <<END
Port 22
HostKey $work/host_key
AuthorizedKeysFile $work/client_key.pub
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
ForceCommand $work/$space/login
END
done
serve() { at "$1" /usr/sbin/sshd -D -e -f "$work/$1/sshd_config" 2>>"$work/$1/words" & }
for space in host jump behind; do serve $space; done

shown=$(cut -d ' ' -f 1,2 "$work/host_key.pub")
echo "10.213.* $shown" >"$work/known_hosts"
cat >"$work/inventory.yaml" <<END
version: 1
name: Network
defaults: { user: $(id -un), identity_file: $work/client_key, known_hosts: $work/known_hosts }
hosts:
  host: { address: 10.213.2.2, addresses: [10.213.2.2, 10.213.2.3] }
  jump: { address: 10.213.3.2 }
  behind: { address: 10.213.4.2, via: jump }
END
padding=$(head -c 60000 /dev/zero | tr '\000' x)
cat >"$work/runbook.yaml" <<END
version: 1
name: Network
inventory: inventory.yaml
steps:
- { id: one, name: One, hosts: host, run: "echo one >>ran; sleep 1; echo one >>ended # $padding", timeout: 90s }
- { id: two, name: Two, hosts: behind, needs: [one], run: "echo two >>ran; sleep 1; echo two >>ended", timeout: 90s }
- { id: three, name: Three, hosts: [host, behind], needs: [two], run: "echo three >>ran; sleep 1; echo three >>ended", timeout: 90s, verify: { run: "tail -n 1 ended", equals: three } }
END

# The line from and to the controller gets narrow, or wide again.
narrow() {
    at controller tc qdisc replace dev l1 root tbf rate "$1" burst 1600 latency 4s
    at router tc qdisc replace dev l1 root tbf rate "$1" burst 1600 latency 4s
}
wide() { at controller tc qdisc del dev l1 root 2>/dev/null || true; at router tc qdisc del dev l1 root 2>/dev/null || true; }

# What is lost: packets to the hosts, or to the controller.
lose_there() { for net24 in 2 3; do at router ip route add blackhole "10.213.$net24.0/25" 2>/dev/null || true; done; }
lose_back() { at router ip route add blackhole 10.213.1.0/25 2>/dev/null || true; }
find_all() { for net24 in 1 2 3; do at router ip route del blackhole "10.213.$net24.0/25" 2>/dev/null || true; done; }

# reached WHAT: waits until that is so.
reached() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ "$tries" -lt 1500 ] || fail "the moment did not come: $*"
        kill -0 "$run" 2>/dev/null || fail "the run was over before the moment came: $*: $(cat "$work/out")"
        sleep 0.02
    done
}
is_connected() { at host ss -Htn state established 'sport = :22' | grep -q .; }
is_intended() { grep -q '"t":"step.intent"' "$journal" 2>/dev/null; }
is_entered() { [ -f "$work/host/entered" ]; }
has_begun() { grep -q one "$work/host/home/ran" 2>/dev/null; }
has_begun_behind() { grep -q two "$work/behind/home/ran" 2>/dev/null; }

outage() {
    # Now and then longer than a silent connection is held for alive.
    if [ $((round % 9)) = 0 ]; then moment=17; else random 3000; fi
    sleep "$moment"
}

strike() {
    case $1 in
    handshake)
        narrow 8kbit
        begin_here
        reached is_connected
        # The keys are on their way, and nobody is logged in.
        random 500
        sleep "$moment"
        if is_entered; then fail "the handshake was over before the moment came"; fi
        lose_there
        lose_back
        wide
        ;;
    contact)
        narrow 64kbit
        begin_here
        reached is_entered
        random 500
        sleep "$moment"
        lose_there
        lose_back
        wide
        ;;
    submit)
        narrow 256kbit
        begin_here
        reached is_intended
        # The command has 60 kB, which take two seconds on their way.
        random 1200
        sleep "$moment"
        if has_begun; then fail "the command ran before the moment came"; fi
        lose_there
        lose_back
        wide
        ;;
    poll)
        begin_here
        reached has_begun
        lose_there
        lose_back
        ;;
    one-way-there)
        begin_here
        reached has_begun
        lose_there
        ;;
    one-way-back)
        begin_here
        reached has_begun
        lose_back
        ;;
    jump-dies)
        begin_here
        reached has_begun_behind
        for pid in $(ip netns pids "${net}jump"); do kill -9 "$pid" 2>/dev/null || true; done
        ip -n "${net}jump" link set l3 down
        ;;
    address-moves)
        begin_here
        reached has_begun
        # The old address is a hole: nothing there says that it is gone.
        ip -n "${net}host" addr del 10.213.2.2/24 dev l2
        ip -n "${net}host" addr add 10.213.2.3/24 dev l2
        ip -n "${net}host" route replace default via 10.213.2.1
        ;;
    esac
    strikes=$((strikes + 1))
    outage
    case $1 in
    jump-dies)
        ip -n "${net}jump" link set l3 up
        ip -n "${net}jump" route replace default via 10.213.3.1
        serve jump
        ;;
    *) find_all ;;
    esac
}
begin_here() {
    rm -f "$work"/*/entered "$work"/*/home/ran "$work"/*/home/ended
    rm -rf "$work"/*/home/.blackstart
    export BLACKSTART_HOME="$work/home$round"
    journal="$BLACKSTART_HOME/runs/proof/journal.jsonl"
    mkdir "$BLACKSTART_HOME"
    at controller "$program" run "$work/runbook.yaml" --run-id proof --no-input >"$work/out" 2>&1 &
    run=$!
}

while [ "$strikes" -lt "$count" ]; do
    for kind in handshake contact submit poll one-way-there one-way-back jump-dies address-moves; do
        [ "$strikes" -lt "$count" ] || break
        round=$((round + 1))
        struck=$(date +%s)
        strike $kind
        ended
        [ "$code" = 0 ] || { cat "$work/out" >&2; fail "$kind: the run ended with $code"; }
        [ "$(cat "$work/host/home/ran" "$work/behind/home/ran" | sort | tr '\n' ' ')" = "one three three two " ] ||
            fail "$kind: not each command ran exactly once: $(cat "$work/host/home/ran" "$work/behind/home/ran" | tr '\n' ' ')"
        journal_stands
        echo "$kind: gone for $moment s, done $(($(date +%s) - struck)) s after the beginning" >&2
        if [ $kind = address-moves ]; then
            ip -n "${net}host" addr del 10.213.2.3/24 dev l2
            ip -n "${net}host" addr add 10.213.2.2/24 dev l2
            ip -n "${net}host" route replace default via 10.213.2.1
        fi
        rm -rf "$BLACKSTART_HOME"
    done
done
echo "network: $strikes faults between namespaces, in the handshake, the contact, the submission and the wait, one way and both, on the way and of the address: no run needed a person, each command ran exactly once; every journal stands. $(seconds) s"
