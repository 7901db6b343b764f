internal import RunbookModel

/// The shell text by which a host keeps receipts. It goes to the stdin of `/bin/sh -s` in brace groups: one transfer that
/// is cut is a syntax error, and nothing of it runs. The first group, ``opening``, tells the shell how; each one after it
/// is a ``call(_:nonce:run:step:)``. It needs a POSIX shell and the usual small tools; as processes are what it costs a
/// host, it starts few.
///
/// A receipt is a folder `$HOME/.blackstart/receipts/RUN/STEP.HOST.N`:
///
///     id         its exclusive creation claims it: of two equal submissions one goes on; then a line, the digest of
///                command and environment
///     go         link, made once: `run:PID:BOOT` by the runner or `fenced:…` by the fence, whoever comes first
///     end.exit:N the ending, an empty file; on a full disk `run` is renamed to it, which needs neither blocks nor inodes
///     end.lost   it died without one
///     run env out err head   the command, its environment if it has one, what it printed, the journal's head
///
/// A command that runs as root, or that is given secrets, gets its secrets through a pipe: they are in no file, and in no
/// list of processes.
///
/// What comes back is lines and counted bytes after a line `BS1 NONCE`, so that noise of a login is passed over:
/// `O n` and `E n` with n bytes each, `H` for "still here", and at the end `S …`, `F …` or `X n`.
package enum ReceiptScript {
    /// What a shell has to be told first.
    package static let opening = "{ \(functions)\n} </dev/null\n"

    /// All of it for a shell that is asked once.
    package static func text(_ operation: HostRequest.Operation, nonce: String, run: String, step: String) -> String? {
        call(operation, nonce: nonce, run: run, step: step).map { opening + $0 }
    }

    /// One question to a shell that knows the opening; nil where it can't be asked of a host.
    package static func call(_ operation: HostRequest.Operation, nonce: String, run: String, step: String) -> String? {
        guard let words = words(operation) else { return nil }
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
        // Whole only with the very last brace.
        return
            "{ { \(variables.joined(separator: "; "))\necho \"BS1 $nonce\"\n\(words)\nbs_pw=; bs_hidden=; } </dev/null; }\n"
    }

    private static func words(_ operation: HostRequest.Operation) -> String? {
        switch operation {
        case .contact: "bs_contact"
        case .survey: "bs_survey"
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
        case .heads(let run): words(["bs_heads", run])
        case .witness: nil
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
        LC_ALL=C; export LC_ALL; bs_umask=; bs_line='
        '
        bs_sh=${BLACKSTART_SHELL:-/bin/sh}
        bs_root=${BLACKSTART_RECEIPTS:-$HOME/.blackstart/receipts}
        bs_link() { readlink "$1" 2>/dev/null || { [ -h "$1" ] && ls -ld "$1" | sed 's/.* -> //'; }; }
        # The size of a file as $z.
        bs_size() { z=0; if [ -s "$1" ]; then z=$(wc -c <"$1"); z=$((z)); fi; }
        # What goes down the pipe to a command: the password of sudo, a line that ends what sudo did not read, and the secrets.
        bs_give() { [ "$bs_as" = password ] && printf '%s\n' "$bs_pw"; printf '%s\n%s' "BS $nonce" "$bs_hidden"; }
        # Runs the file $8: $3 the shell, $4 the mask, $5 as whom, $6 the line in the pipe, $7 the open environment.
        bs_start='while IFS= read -r l && [ "$l" != "$1" ]; do :; done; eval "$(cat)"; [ ! -f "$3" ] || . "$3"; exec "$2" "$4" </dev/null'
        bs_run='umask "$4"; cd "${BLACKSTART_FOLDER:-$HOME}" 2>/dev/null || cd /
          case $5 in
          free) exec sudo -n -- /bin/sh -c '"'$bs_start'"' sh "$6" "$3" "$7" "$8";;
          password) exec sudo -S -p "" -- /bin/sh -c '"'$bs_start'"' sh "$6" "$3" "$7" "$8";;
          user) exec /bin/sh -c '"'$bs_start'"' sh "$6" "$3" "$7" "$8";;
          *) [ ! -f "$7" ] || . "$7"; exec "$3" "$8" </dev/null;;
          esac'
        bs_root() {
          case $bs_as in
          free) sudo -n -- "$@" </dev/null;;
          password) printf '%s\n' "$bs_pw" | sudo -S -p "" -- "$@";;
          *) "$@";;
          esac 2>/dev/null
        }
        # Short at first: most commands are; $1 naps were before this one.
        bs_rest() {
          case $1 in 0) set -- 0.02;; 1) set -- 0.04;; 2) set -- 0.08;; ?) set -- 0.15;; [1-3]?) set -- 0.3;; *) set -- 1;; esac
          bs_nap "$1"
        }
        bs_nap() { sleep "$1" 2>/dev/null || sleep 1; }
        bs_session=; command -v setsid >/dev/null 2>&1 && bs_session=setsid
        b=${BLACKSTART_BOOT_ID:-}
        [ -n "$b" ] || { [ -r /proc/sys/kernel/random/boot_id ] && IFS= read -r b </proc/sys/kernel/random/boot_id; } || :
        [ -n "$b" ] || b=$(sysctl -n kern.bootsessionuuid 2>/dev/null || sysctl -n kern.boot_id 2>/dev/null)
        case $b in *[!A-Za-z0-9._-]*) b=$(printf %s "$b" | tr -cd 'A-Za-z0-9._-');; esac
        # The receipt that is spoken of.
        bs_take() { d=$bs_root/$1; e=; g=; h=; r=; }
        bs_ended() { for f in "$d"/end.*; do [ -f "$f" ] && e=${f##*/end.}; done; }
        # `go` and `id` never change once they are there.
        bs_look() {
          e=; a=0; c=0
          [ -d "$d" ] && c=1
          bs_ended
          [ -n "$g" ] || [ ! -h "$d/go" ] || g=$(bs_link "$d/go")
          [ -n "$h" ] || [ ! -f "$d/id" ] || IFS= read -r h <"$d/id" || h=
          case $g in run:*)
            p=${g#run:}; p=${p%%:*}
            if [ "${g#run:*:}" = "$b" ] && { kill -0 "-$p" 2>/dev/null || kill -0 "$p" 2>/dev/null; }; then a=1; fi
            # It may have ended between the two looks.
            [ "$a" = 1 ] || bs_ended;;
          esac
        }
        bs_say() {
          bs_size "$d/out"; o=$z; bs_size "$d/err"
          echo "S claim=$c id=$h go=$g end=$e alive=$a boot=$b out=$o err=$z refused=${r:-}"
        }
        bs_contact() { echo "F boot=$b now=$(date +%s)"; }
        # Where receipts would be kept, what is missing, and whether root can be had: nothing is changed.
        bs_survey() {
          q=$bs_root
          while [ ! -d "$q" ]; do case $q in */*) q=${q%/*}; q=${q:-/};; *) q=.;; esac; done
          k=closed; [ -w "$q" ] && [ -x "$q" ] && k=writable
          v=; for t in mkdir ln mv rm cat wc tr sed tail head sleep date ps awk; do command -v $t >/dev/null 2>&1 || v=$v,$t; done
          u=; [ "$bs_as" = plain ] || u=$(bs_root id -u)
          set -f; set -- $(df -Pk "$q" 2>/dev/null | sed '1d'); set +f
          z=; case ${5:-} in *%) z=$4;; esac
          # Root may write everywhere, as far as permissions go.
          if [ -n "$z" ] && [ -r /proc/mounts ]; then
            o=; while read -r x m y n x; do [ "$m" != "$6" ] || o=$n; done </proc/mounts
            case $o in ro | ro,*) k=read-only;; esac
          fi
          n=$(id -un 2>/dev/null | tr -cd 'A-Za-z0-9._@-')
          m=$(printf %s "${SHELL:-}" | tr -cd 'A-Za-z0-9._/-')
          echo "V boot=$b now=$(date +%s) folder=$k free=$z missing=${v#,} user=$n shell=$m root=$u"
        }
        # A folder for nobody else, by mkdir with these words; $w is why not. On the way the mask is asked that commands get.
        bs_folder() {
          w=$(umask; umask 077; mkdir "$@" 2>&1); set -- $?
          bs_umask=${bs_umask:-${w%%"$bs_line"*}}; umask 077
          w=${w#*"$bs_line"}; w=${w##*: }
          return "$1"
        }
        # Whether it is ours; else it is somebody's, or nobody's, and then the words of the system say why.
        bs_claim() {
          bs_folder -p "$d" || { echo "N no receipt can be kept: $(printf %s "$w" | tr '\n' ' ')"; exit; }
          [ ! -h "$d/go" ] || return 1
          set -C; { printf '' >"$d/id"; } 2>/dev/null; set -- $?; set +C
          [ "$1" = 0 ] && return
          [ -f "$d/id" ] || bs_full
          return 1
        }
        bs_full() { ln -s fenced:noreceipt "$d/go" 2>/dev/null; echo "N no receipt can be kept: is the disk full?"; exit; }
        # Writes down the command and its environment.
        bs_write() {
          printf '%s\n' "$3" >"$d/id" && printf '%s\n' "$4" >"$d/head" && { [ -z "$5" ] || printf %s "$5" >"$d/env"; } &&
            printf %s "$6" >"$d/run" && printf '' >"$d/out" && printf '' >"$d/err"
        } 2>/dev/null
        bs_end='bs_end() { { printf "" >"$d/end.$1"; } 2>/dev/null || mv "$d/run" "$d/end.$1"; }'; eval "$bs_end"
        # Says what it made of `go`, and closes the pipe that was waited at. Whoever waited may be gone: the command runs all the same.
        bs_runner='d=$1; '"$bs_end"'; trap "" HUP PIPE; ln -s "run:$$:$2" "$d/go" || exit 1
          echo "run:$$:$2"; exec >/dev/null
          (trap - HUP PIPE; '"$bs_run"') >>"$d/out" 2>>"$d/err"
          bs_end "exit:$?"'
        bs_submit() {
          bs_take "$1"; j=$3
          if [ "$2" != - ] && [ "$2" != "$b" ]; then r=boot; bs_look; bs_say; return; fi
          if bs_claim; then
            bs_write "$@" || bs_full
            if [ -S /dev/log ] || [ -S /var/run/log ]; then logger -t blackstart "receipt $1 journal $4" 2>/dev/null; fi
            h=$j
            set -- "blackstart:$1" "$d" "$b" "$bs_sh" "$bs_umask" "$bs_as" "BS $nonce" "$d/env" "$d/run"
            if [ "$bs_as" = plain ]; then g=$($bs_session /bin/sh -c "$bs_runner" "$@" 2>/dev/null &)
            else g=$(bs_give | $bs_session /bin/sh -c "$bs_runner" "$@" 2>/dev/null &)
            fi
          fi
          # Whoever claimed it is about to start it.
          n=0; while [ -z "$g" ] && [ ! -h "$d/go" ] && [ $n -lt 40 ]; do bs_rest $n; n=$((n+1)); done
          bs_look
          if [ -n "$h" ] && [ "$h" != "$j" ]; then r=conflict; bs_say; else bs_stream 0 0; fi
        }
        bs_follow() { bs_take "$1"; bs_stream "$2" "$3"; }
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
            bs_look
            bs_size "$d/out"; o=$z; bs_size "$d/err"; q=$z
            [ "$o" -gt "$x" ] && { bs_part O "$d/out" "$x" "$o"; x=$o; n=0; }
            [ "$q" -gt "$y" ] && { bs_part E "$d/err" "$y" "$q"; y=$q; n=0; }
            if [ -n "$e" ] || [ "$a" = 0 ]; then break; fi
            bs_rest $n
            n=$((n+1)); t=$((t+1))
            [ $((t % 5)) = 0 ] && echo H
          done
          bs_say
        }
        bs_inspect() { bs_take "$1"; bs_look; bs_say; }
        bs_block() { bs_take "$1"; bs_folder -p "$d"; ln -s "fenced:$nonce" "$d/go" 2>/dev/null; }
        bs_fence() { bs_block "$1"; bs_look; bs_say; }
        bs_lost() { bs_take "$1"; bs_look; case $g in run:*) [ "$a" = 0 ] && [ -z "$e" ] && bs_end lost 2>/dev/null;; esac; bs_look; bs_say; }
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
            [ "$a" = 0 ] && [ -z "$e" ] && bs_end lost 2>/dev/null
          fi
          bs_look; bs_say
        }
        bs_tidy() { for w; do bs_take "$w"; bs_ended; [ -z "$e" ] || { rm -f "$d/out" "$d/err" "$d/run" "$d/env"; [ ! -s "$f" ] || printf '' >"$f"; }; done; echo T; }
        # Of an empty or torn one nothing is said. Steps of included runbooks lie in folders of their own.
        bs_heads() {
          d=$bs_root/$1
          for f in "$d"/*/head "$d"/*/*/head "$d"/*/*/*/head "$d"/*/*/*/*/head "$d"/*/*/*/*/*/head; do
            [ -f "$f" ] || continue
            l=; IFS= read -r l <"$f" || continue
            q=${f#"$d/"}; echo "K ${q%/head} $l"
          done
          echo J
        }
        bs_probe() {
          q=${TMPDIR:-/tmp}/blackstart.$$.$nonce
          bs_folder "$q" || { q=$HOME/.blackstart/probe.$$.$nonce; bs_folder -p "$q" || { echo "N no folder to work in"; return; }; }
          w=$q
          printf %s "$2" >"$w/env"; printf %s "$3" >"$w/question"
          bs_give | $bs_session /bin/sh -c "$bs_run" "blackstart:probe" "$w" "$b" "$bs_sh" "$bs_umask" "$bs_as" "BS $nonce" "$w/env" "$w/question" >"$w/out" 2>"$w/err" & p=$!
          # Who is not needed takes its sleep along; a shell that was killed would leave it behind.
          ( trap 'kill "$!" 2>/dev/null; exit' TERM; sleep "$1" & wait "$!"; : >"$w/late"; [ "$bs_as" = plain ] || for k in $(bs_kin); do bs_root kill -KILL "$k"; done
            kill -KILL "-$p" 2>/dev/null || kill -KILL "$p" 2>/dev/null ) </dev/null >/dev/null 2>&1 & k=$!
          wait "$p"; x=$?
          kill "$k" 2>/dev/null
          bs_size "$w/out"; o=$z; bs_size "$w/err"; q=$z
          [ "$o" -gt 1048576 ] && o=1048576
          [ "$q" -gt 1048576 ] && q=1048576
          bs_part O "$w/out" 0 "$o"; bs_part E "$w/err" 0 "$q"
          if [ -f "$w/late" ]; then echo L; else echo "X $x"; fi
          rm -rf "$w"
        }
        """#
}

extension HostRequest.Operation {
    fileprivate var privilege: Privilege? {
        switch self {
        case .submit(let submission, _): submission.privilege
        case .probe(let probe): probe.privilege
        case .kill(_, let privilege), .survey(let privilege): privilege
        case .contact, .attach, .inspect, .fence, .markLost, .tidy, .heads, .witness: nil
        }
    }

    fileprivate var environment: [EnvironmentPair] {
        switch self {
        case .submit(let submission, _): return submission.environment
        case .probe(let probe):
            if case .run(_, let environment) = probe.probe { return environment }
            return []
        case .contact, .survey, .attach, .inspect, .fence, .markLost, .kill, .tidy, .heads, .witness: return []
        }
    }
}
