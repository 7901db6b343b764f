extension ReceiptScript {
    /// To look at a host, and to ask what a command of the runbook says of it.
    static let questions = #"""
        # Where receipts would be kept, what is missing, and whether root can be had: nothing is changed.
        bs_survey() {
          bs_beside=; bs_others '' yes
          q=$bs_root
          while [ ! -d "$q" ]; do case $q in */*) q=${q%/*}; q=${q:-/};; *) q=.;; esac; done
          k=closed; [ -w "$q" ] && [ -x "$q" ] && k=writable
          v=; for t in mkdir ln mv rm cat wc tr sed tail head sleep date ps awk ls id; do command -v $t >/dev/null 2>&1 || v=$v,$t; done
          u=; [ "$bs_as" = plain ] || u=$(bs_root id -u)
          set -f; set -- $(df -Pk "$q" 2>/dev/null | sed '1d'); set +f
          z=; case ${5:-} in *%) z=$4;; esac
          bs_sound "$bs_top" "$bs_kept"; [ $? != 1 ] || k=exposed
          # Root may write everywhere, as far as permissions go.
          if [ -n "$z" ] && [ -r /proc/mounts ]; then
            o=; while read -r x m y n x; do [ "$m" != "$6" ] || o=$n; done </proc/mounts
            case $o in ro | ro,*) k=read-only;; esac
          fi
          n=$(id -un 2>/dev/null | tr -cd 'A-Za-z0-9._@-')
          m=$(printf %s "${SHELL:-}" | tr -cd 'A-Za-z0-9._/-')
          echo "V boot=$b now=$(date +%s) folder=$k free=$z missing=${v#,} user=$n shell=$m root=$u"
        }
        # A new folder in $1/$2 with the environment and the command of a question, whole, as $w; else $w is why not.
        bs_room() {
          bs_make "$1" "$2" && bs_path=$1/$2/blackstart.$$.$nonce && bs_folder "$bs_path" || return 1
          shift 2
          { { [ -z "$1" ] || bs_put "$1" >"$bs_path/env"; } && bs_put "$2" >"$bs_path/question" && bs_put '' >"$bs_path/out" && bs_put '' >"$bs_path/err"; } 2>/dev/null && bs_spare && { w=$bs_path; return; }
          rm -rf "$bs_path"; w="no space left in ${bs_path%/*}"
          return 1
        }
        # Whether there is room for more than nothing.
        bs_spare() { { printf '%8192s' '' >"$bs_path/spare"; } 2>/dev/null && bs_put '' >"$bs_path/spare"; }
        bs_probe() {
          bs_name=
          bs_room "${TMPDIR:-/tmp}" '' "$2" "$3" || bs_room "${HOME:-/}" .blackstart "$2" "$3" || { bs_why="no question can be asked: $w"; bs_refuse; return; }
          trap 'rm -rf "$w"; exit 129' HUP INT TERM PIPE
          bs_give | $bs_session /bin/sh -c "$bs_run" "blackstart:probe" "$w" "$b" "$bs_sh" "$bs_umask" "$bs_as" "BS $nonce" "$w/env" "$w/question" "$w/begun" >"$w/out" 2>"$w/err" & p=$!
          # Who is not needed takes its sleep along; a shell that was killed would leave it behind.
          ( trap 'kill "$!" 2>/dev/null; exit' TERM; sleep "$1" & wait "$!"; { bs_put '' >"$w/late"; } 2>/dev/null || mv "$w/question" "$w/late"; [ "$bs_as" = plain ] || bs_signal KILL $(bs_kin)
            kill -KILL "-$p" 2>/dev/null || kill -KILL "$p" 2>/dev/null ) </dev/null >/dev/null 2>&1 & k=$!
          wait "$p"; x=$?
          kill "$k" 2>/dev/null
          # What sudo turns away was never asked, and its exit status is no answer.
          o=; case $bs_as in free | password) [ -f "$w/late" ] || [ -f "$w/begun" ] || o=$(sed 3q "$w/err" | tr '\n' ' ')" ";; esac
          # Nor is one for which there was no room.
          if [ -n "$o" ]; then bs_why="sudo ran nothing (exit status $x): ${o%%"${o##*[! ]}"}"; bs_refuse
          elif [ -f "$w/late" ] || bs_spare; then
            bs_size "$w/out"; o=$z; bs_size "$w/err"; q=$z
            # What is cut is not all that was said.
            c=; [ "$o" -gt 1048576 ] && { o=1048576; c=' cut'; }
            [ "$q" -gt 1048576 ] && q=1048576
            bs_part O "$w/out" 0 "$o"; bs_part E "$w/err" 0 "$q"
            if [ -f "$w/late" ]; then echo L; else echo "X $x$c"; fi
          else bs_why="the answer could not be kept: no space left in ${w%/*}"; bs_refuse; fi
          rm -rf "$w"
          trap - HUP INT TERM PIPE
        }
        """#
}
