internal import RunbookModel

/// The shell text by which a host keeps receipts. Sent whole on stdin of `/bin/sh -s`, it is one brace group: a transfer
/// that is cut is a syntax error, and nothing runs. It needs a POSIX shell and the usual small tools.
///
/// A receipt is a folder `$HOME/.blackstart/receipts/RUN/STEP.HOST.N`:
///
///     mkdir      claims it: of two equal submissions one goes on
///     id         link to the digest of command and environment
///     go         link, made once: `run:PID:BOOT` by the runner or `fenced:…` by the fence, whoever comes first
///     end.exit:N the ending, a rename of a file made beforehand: needs neither blocks nor inodes
///     end.lost   it died without one
///     run env out err head   the command, its environment, what it printed, the journal's head
///
/// A command that runs as root, or that is given secrets, gets its secrets through a pipe: they are in no file, and in no
/// list of processes.
///
/// What comes back is lines and counted bytes after a line `BS1 NONCE`, so that noise of a login is passed over:
/// `O n` and `E n` with n bytes each, `H` for "still here", and at the end `S …`, `F …` or `X n`.
package enum ReceiptScript {
    package static func text(_ operation: HostRequest.Operation, nonce: String, run: String, step: String) -> String? {
        guard let call = call(operation) else { return nil }
        let privilege = operation.privilege
        let hidden = operation.environment.filter(\.content.isHidden)
        // sudo keeps nothing of the environment.
        let marks = [
            EnvironmentPair(name: "BLACKSTART_RUN", value: run), EnvironmentPair(name: "BLACKSTART_STEP", value: step),
        ]
        let variables = [
            "nonce=\(ShellWord.quote(nonce))", "BLACKSTART_RUN=\(ShellWord.quote(run))",
            "BLACKSTART_STEP=\(ShellWord.quote(step))", "export BLACKSTART_RUN BLACKSTART_STEP",
            "bs_as=\(caller(privilege, hides: !hidden.isEmpty))",
            "bs_pw=\(ShellWord.quote(privilege?.password?.text ?? ""))",
            "bs_hidden=\(ShellWord.quote(exports(marks + hidden)))",
        ]
        return "{ \(variables.joined(separator: "; "))\n\(functions)\n\(call); exit; }\n"
    }

    private static func call(_ operation: HostRequest.Operation) -> String? {
        switch operation {
        case .contact: "bs_contact"
        case .probe(let request):
            if case .run(let command, let environment) = request.probe {
                words(["bs_probe", seconds(request.timeout), open(named(request.label) + environment), command])
            } else {
                nil
            }
        case .submit(let submission, _):
            words([
                "bs_submit", submission.receipt.path, submission.boot ?? "-", submission.digest,
                submission.journalHead, open(named(submission.label) + submission.environment), submission.command,
            ])
        case .attach(let id, let stdout, let stderr, _): words(["bs_follow", id.path, "\(stdout)", "\(stderr)"])
        case .inspect(let id): words(["bs_inspect", id.path])
        case .fence(let id): words(["bs_fence", id.path])
        case .markLost(let id): words(["bs_lost", id.path])
        case .kill(let id, _): words(["bs_kill", id.path])
        case .tidy(let ids): words(["bs_tidy"] + ids.map(\.path))
        }
    }

    private static func words(_ words: [String]) -> String { words.map(ShellWord.quote).joined(separator: " ") }

    private static func seconds(_ duration: Duration) -> String {
        String(max(1, min(86_400, (duration.wholeMilliseconds + 999) / 1_000)))
    }

    /// As whom a command runs, in the words of the script.
    private static func caller(_ privilege: Privilege?, hides: Bool) -> String {
        guard let privilege else { return hides ? "user" : "plain" }
        return privilege.password == nil ? "free" : "password"
    }

    /// The name of a command, for a lab that plays it.
    private static func named(_ label: String?) -> [EnvironmentPair] {
        label.map { [EnvironmentPair(name: "BLACKSTART_COMMAND", value: $0)] } ?? []
    }

    /// What may stand in a file on the host.
    private static func open(_ environment: [EnvironmentPair]) -> String {
        exports(environment.filter { !$0.content.isHidden })
    }

    /// `export NAME='value'` lines; names that are none are left out, for they could be code.
    private static func exports(_ environment: [EnvironmentPair]) -> String {
        environment.filter { isName($0.name) }.map { "export \($0.name)=\(ShellWord.quote($0.value))\n" }.joined()
    }

    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
            default: false
            }
        }
    }

    private static let functions = #"""
        bs_umask=$(umask); umask 077; LC_ALL=C; export LC_ALL
        bs_sh=${BLACKSTART_SHELL:-/bin/sh}
        bs_root=${BLACKSTART_RECEIPTS:-$HOME/.blackstart/receipts}
        bs_link() { readlink "$1" 2>/dev/null || { [ -h "$1" ] && ls -ld "$1" | sed 's/.* -> //'; }; }
        bs_size() { if [ -f "$1" ]; then echo $(($(wc -c <"$1"))); else echo 0; fi; }
        # What goes down the pipe to a command: the password of sudo, a line that ends what sudo did not read, and the secrets.
        bs_give() { [ "$bs_as" = password ] && printf '%s\n' "$bs_pw"; printf '%s\n%s' "BS $nonce" "$bs_hidden"; }
        # Runs the file $8: $3 the shell, $4 the mask, $5 as whom, $6 the line in the pipe, $7 the open environment.
        bs_start='while IFS= read -r l && [ "$l" != "$1" ]; do :; done; eval "$(cat)"; . "$3"; exec "$2" "$4" </dev/null'
        bs_run='umask "$4"; cd "${BLACKSTART_FOLDER:-$HOME}" 2>/dev/null || cd /
          case $5 in
          free) exec sudo -n -- /bin/sh -c '"'$bs_start'"' sh "$6" "$3" "$7" "$8";;
          password) exec sudo -S -p "" -- /bin/sh -c '"'$bs_start'"' sh "$6" "$3" "$7" "$8";;
          user) exec /bin/sh -c '"'$bs_start'"' sh "$6" "$3" "$7" "$8";;
          *) . "$7"; exec "$3" "$8" </dev/null;;
          esac'
        bs_root() {
          case $bs_as in
          free) sudo -n -- "$@" </dev/null;;
          password) printf '%s\n' "$bs_pw" | sudo -S -p "" -- "$@";;
          *) "$@";;
          esac 2>/dev/null
        }
        bs_nap() { sleep "$1" 2>/dev/null || sleep 1; }
        b=${BLACKSTART_BOOT_ID:-}
        [ -n "$b" ] || b=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || sysctl -n kern.bootsessionuuid 2>/dev/null || sysctl -n kern.boot_id 2>/dev/null)
        b=$(printf %s "$b" | tr -cd 'A-Za-z0-9._-')
        echo "BS1 $nonce"
        bs_look() {
          e=; g=; h=; a=0; c=0
          [ -d "$d" ] && c=1
          for f in "$d"/end.*; do [ -f "$f" ] && e=${f##*/end.}; done
          g=$(bs_link "$d/go"); h=$(bs_link "$d/id")
          case $g in run:*)
            p=${g#run:}; p=${p%%:*}
            if [ "${g#run:*:}" = "$b" ] && { kill -0 "-$p" 2>/dev/null || kill -0 "$p" 2>/dev/null; }; then a=1; fi
            # It may have ended between the two looks.
            if [ "$a" = 0 ]; then for f in "$d"/end.*; do [ -f "$f" ] && e=${f##*/end.}; done; fi;;
          esac
        }
        bs_say() { echo "S claim=$c id=$h go=$g end=$e alive=$a boot=$b out=$(bs_size "$d/out") err=$(bs_size "$d/err") refused=${r:-}"; }
        bs_contact() { echo "F boot=$b now=$(date +%s)"; }
        # Whether it is ours; $w has the words of the system where it is nobody's.
        bs_claim() {
          w=$(mkdir -p "${d%/*}" 2>&1 && mkdir "$d" 2>&1) && return 0
          [ -d "$d" ] || { w=${w:-$d}; echo "N no receipt can be kept: $(printf %s "${w##*: }" | tr '\n' ' ')"; exit; }
          return 1
        }
        bs_submit() {
          d=$bs_root/$1; r=
          if [ "$2" != - ] && [ "$2" != "$b" ]; then r=boot; bs_look; bs_say; return; fi
          if bs_claim; then
            if ln -s "$3" "$d/id" && printf '%s\n' "$4" >"$d/head" && printf %s "$5" >"$d/env" && printf %s "$6" >"$d/run" &&
              [ "$(bs_size "$d/run")" = "$(printf %s "$6" | wc -c | tr -d ' ')" ] && : >"$d/out" && : >"$d/err" && : >"$d/e"; then
              command -v logger >/dev/null 2>&1 && logger -t blackstart "receipt $1 journal $4" 2>/dev/null
              s=; command -v setsid >/dev/null 2>&1 && s=setsid
              bs_give | $s /bin/sh -c 'd=$1; trap "" HUP; ln -s "run:$$:$2" "$d/go" || exit 1
                (trap - HUP; '"$bs_run"') >>"$d/out" 2>>"$d/err"
                mv "$d/e" "$d/end.exit:$?"' "blackstart:$1" "$d" "$b" "$bs_sh" "$bs_umask" "$bs_as" "BS $nonce" "$d/env" "$d/run" >/dev/null 2>&1 &
            else
              ln -s fenced:noreceipt "$d/go"
              echo "N no receipt can be kept: is the disk full?"; exit
            fi
          fi
          # Whoever claimed it is about to start it.
          n=0; while [ ! -h "$d/go" ] && [ $n -lt 100 ]; do n=$((n+1)); bs_nap 0.05; done
          bs_look
          if [ -n "$h" ] && [ "$h" != "$3" ]; then r=conflict; bs_say; return; fi
          bs_stream 0 0
        }
        bs_follow() { d=$bs_root/$1; r=; bs_look; bs_stream "$2" "$3"; }
        bs_part() {
          while [ "$3" -lt "$4" ]; do
            m=$(($4 - $3)); [ $m -gt 1048576 ] && m=1048576
            echo "$1 $m"; tail -c +$(($3 + 1)) "$2" | head -c $m
            set -- "$1" "$2" $(($3 + m)) "$4"
          done
        }
        bs_stream() {
          x=$1; y=$2; n=0; t=0
          while :; do
            bs_look; o=$(bs_size "$d/out"); q=$(bs_size "$d/err")
            [ "$o" -gt "$x" ] && { bs_part O "$d/out" "$x" "$o"; x=$o; n=0; }
            [ "$q" -gt "$y" ] && { bs_part E "$d/err" "$y" "$q"; y=$q; n=0; }
            if [ -n "$e" ] || [ "$a" = 0 ]; then break; fi
            n=$((n+1)); t=$((t+1))
            if [ $n -lt 30 ]; then bs_nap 0.05; elif [ $n -lt 90 ]; then bs_nap 0.3; else bs_nap 1; fi
            [ $((t % 10)) = 0 ] && echo H
          done
          bs_say
        }
        bs_inspect() { d=$bs_root/$1; bs_look; bs_say; }
        bs_block() { d=$bs_root/$1; mkdir -p "${d%/*}"; mkdir "$d" 2>/dev/null; ln -s "fenced:$nonce" "$d/go" 2>/dev/null; }
        bs_fence() { bs_block "$1"; bs_look; bs_say; }
        bs_lost() { d=$bs_root/$1; bs_look; case $g in run:*) [ "$a" = 0 ] && [ -z "$e" ] && mv "$d/e" "$d/end.lost" 2>/dev/null;; esac; bs_look; bs_say; }
        bs_signal() { kill "-$1" "-$p" 2>/dev/null || kill "-$1" "$p" 2>/dev/null; }
        # What the runner has begun, and what that has begun.
        bs_kin() {
          ps -o pid= -o ppid= 2>/dev/null -e | awk -v p="$p" '{ up[$1] = $2 }
            END { for (k in up) { q = k; for (n = 0; n < 99 && (q in up); n++) { q = up[q]; if (q == p) { print k; break } } } }'
        }
        bs_kill() {
          # What has not begun by now does not begin any more.
          bs_block "$1"; bs_look
          if [ "$a" = 1 ] && [ -z "$e" ]; then
            m=; [ "$bs_as" = plain ] || m=$(bs_kin)
            # The children first: the runner then writes down how the command ended.
            for k in $(ps -o pid= -o ppid= 2>/dev/null -e | awk -v p="$p" '$2 == p { print $1 }'); do bs_root kill -TERM "$k"; done
            n=0; while [ $n -lt 100 ]; do bs_look; [ -n "$e" ] || [ "$a" = 0 ] && break; n=$((n+1)); bs_nap 0.05; [ $((n % 40)) = 0 ] && echo H; done
            if [ -z "$e" ]; then
              for k in $(bs_kin); do bs_root kill -KILL "$k"; done
              n=0; while [ $n -lt 20 ]; do bs_look; [ -n "$e" ] || [ "$a" = 0 ] && break; n=$((n+1)); bs_nap 0.05; done
            fi
            if [ -z "$e" ]; then bs_signal TERM; bs_nap 0.3; fi
            # What the command left behind in its own group, and what it began as root.
            bs_signal KILL
            for k in $m; do bs_root kill -KILL "$k"; done
            n=0; while [ $n -lt 100 ]; do bs_look; [ "$a" = 0 ] && break; n=$((n+1)); bs_nap 0.05; [ $((n % 40)) = 0 ] && echo H; done
            [ "$a" = 0 ] && [ -z "$e" ] && mv "$d/e" "$d/end.lost" 2>/dev/null
          fi
          bs_look; bs_say
        }
        bs_tidy() { for w; do d=$bs_root/$w; bs_look; [ -n "$e" ] && rm -f "$d/out" "$d/err" "$d/run" "$d/env"; done; echo T; }
        bs_probe() {
          w=${TMPDIR:-/tmp}/blackstart.$$.$nonce
          if ! mkdir "$w" 2>/dev/null; then w=$HOME/.blackstart/probe.$$.$nonce; mkdir -p "$w" || { echo "N no folder to work in"; return; }; fi
          printf %s "$2" >"$w/env"; printf %s "$3" >"$w/question"
          s=; command -v setsid >/dev/null 2>&1 && s=setsid
          bs_give | $s /bin/sh -c "$bs_run" "blackstart:probe" "$w" "$b" "$bs_sh" "$bs_umask" "$bs_as" "BS $nonce" "$w/env" "$w/question" >"$w/out" 2>"$w/err" & p=$!
          ( sleep "$1"; : >"$w/late"; [ "$bs_as" = plain ] || for k in $(bs_kin); do bs_root kill -KILL "$k"; done
            kill -KILL "-$p" 2>/dev/null || kill -KILL "$p" 2>/dev/null ) </dev/null >/dev/null 2>&1 & k=$!
          wait "$p"; z=$?
          kill "$k" 2>/dev/null
          o=$(bs_size "$w/out"); q=$(bs_size "$w/err")
          [ "$o" -gt 1048576 ] && o=1048576
          [ "$q" -gt 1048576 ] && q=1048576
          bs_part O "$w/out" 0 "$o"; bs_part E "$w/err" 0 "$q"
          if [ -f "$w/late" ]; then echo L; else echo "X $z"; fi
          rm -rf "$w"
        }
        """#
}

extension HostRequest.Operation {
    fileprivate var privilege: Privilege? {
        switch self {
        case .submit(let submission, _): submission.privilege
        case .probe(let probe): probe.privilege
        case .kill(_, let privilege): privilege
        case .contact, .attach, .inspect, .fence, .markLost, .tidy: nil
        }
    }

    fileprivate var environment: [EnvironmentPair] {
        switch self {
        case .submit(let submission, _): return submission.environment
        case .probe(let probe):
            if case .run(_, let environment) = probe.probe { return environment }
            return []
        case .contact, .attach, .inspect, .fence, .markLost, .kill, .tidy: return []
        }
    }
}
