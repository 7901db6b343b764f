extension ReceiptScript {
    /// To claim a receipt, to start its command, and to follow it.
    static let submissions = #"""
        # The first contact of a run leaves a mark in its folder, whole or not at all, and claims the host.
        bs_arrive() {
          bs_trust "$1" || return
          bs_home "$1"
          if [ -z "$bs_at" ]; then
            bs_make "$bs_top" "$bs_kept/$1" || { bs_none "$w"; return; }
            { bs_put "$nonce$bs_line" >"$bs_root/$1/.home.$nonce"; } 2>/dev/null || { bs_none "is the disk full?"; return; }
            # A power loss may have left the link without its text: that mark is lost, and what it stood for is unknown.
            [ ! -h "$bs_root/$1/.home" ] || [ -s "$bs_root/$1/.home" ] || rm -f "$bs_root/$1/.home"
            ln -s ".home.$nonce" "$bs_root/$1/.home" 2>/dev/null
            bs_home "$1"
            [ -n "$bs_at" ] || { bs_none "its folder can't be marked"; return; }
          fi
          bs_turn "$1" || return
          [ -z "${2:-}" ] || bs_site "$@" || return
          bs_contact
        }
        # Whether it is ours; else it is somebody's, or nobody's, and then the words of the system say why.
        bs_claim() {
          bs_make "$bs_top" "$bs_kept/$bs_name" || { bs_none "$w"; exit; }
          [ ! -h "$d/go" ] || return 1
          set -C; { printf '' >"$d/id"; } 2>/dev/null; set -- $?; set +C
          if [ "$1" = 0 ]; then
            # Nobody but us writes here: what is there now, somebody left while others could.
            for f in "$d"/*; do case $f in */id | */go) ;; *) bs_none "$f was there before its receipt"; exit;; esac; done
            return
          fi
          [ -f "$d/id" ] || bs_full
          return 1
        }
        bs_full() { ln -s fenced:noreceipt "$d/go" 2>/dev/null; bs_none "is the disk full?"; exit; }
        # Writes down the command and its environment.
        bs_write() {
          bs_put "$3 $nonce $7$bs_line" >"$d/id" && bs_put "$4$bs_line" >"$d/head" && { [ -z "$5" ] || bs_put "$5" >"$d/env"; } &&
            bs_put "$6" >"$d/run" && bs_put '' >"$d/out" && bs_put '' >"$d/err"
        } 2>/dev/null
        bs_end='bs_end() { { printf "" >"$d/end.$1"; } 2>/dev/null || mv "$d/run" "$d/end.$1"; }'; eval "$bs_end"
        # Says what it made of `go`, and closes the pipe that was waited at. Whoever waited may be gone: the command runs all the same.
        bs_runner='d=$1; '"$bs_end"'; trap "" HUP PIPE; BLACKSTART_RECEIPT=$d; export BLACKSTART_RECEIPT; ln -s "run:$$:$2" "$d/go" || exit 1
          echo "run:$$:$2"; exec >/dev/null
          (trap - HUP PIPE; '"$bs_run"') >>"$d/out" 2>>"$d/err"
          r=$?; { printf "%8192s" "" >"$d/spare" && : >"$d/spare"; } 2>/dev/null || r=$r:cut
          bs_end "exit:$r"'
        bs_submit() {
          bs_take "$1" || return; j=$3; bs_mark=$7
          if [ "$2" != - ] && [ "$2" != "$b" ]; then r=boot; bs_look; bs_say; return; fi
          # Where it would run, nobody would look for it later.
          if [ "$8" != - ] && [ "$8" != "$bs_at" ]; then r=home; bs_look; bs_say; return; fi
          if bs_passed "${1%%/*}" "$9"; then r=taken; bs_look; bs_say; return; fi
          if bs_claim; then
            bs_write "$@" || bs_full
            if [ -S /dev/log ] || [ -S /var/run/log ]; then logger -t blackstart "receipt $1 journal $4" 2>/dev/null; fi
            h=$j; bs_by=$nonce; bs_of=$7
            set -- "blackstart:$1" "$d" "$b" "$bs_sh" "$bs_umask" "$bs_as" "BS $nonce" "$d/env" "$d/run"
            if [ "$bs_as" = plain ]; then g=$($bs_session /bin/sh -c "$bs_runner" "$@" 2>/dev/null &)
            else g=$(bs_give | $bs_session /bin/sh -c "$bs_runner" "$@" 2>/dev/null &)
            fi
            p=${g#run:}; p=${p%%:*}; ! bs_facts "${p:-0}" || bs_began=$bs_start_of
          fi
          # Whoever claimed it is about to start it.
          n=0; while [ -z "$g" ] && [ ! -h "$d/go" ] && [ $n -lt 40 ]; do bs_rest $n; n=$((n+1)); done
          bs_look
          # Nobody else submits what this run submits, unless the run is carried on twice.
          if [ -n "$h" ] && [ "$bs_by" != "$nonce" ] && { [ "$h" = "$j" ] || [ "$bs_of" = "${bs_mark:-none}" ]; }; then r=taken; bs_say
          elif [ -n "$h" ] && [ "$h" != "$j" ]; then r=conflict; bs_say
          else bs_stream 0 0; fi
        }
        bs_follow() { bs_take "$1" || return; bs_stream "$2" "$3"; }
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
        bs_inspect() { bs_take "$1" || return; bs_look; bs_say; }
        # Only in the folder in which the run has been before: another one would be made to say that nothing ran.
        bs_block() { bs_take "$1" || return; [ -z "$bs_at" ] || { bs_make "$bs_top" "$bs_kept/$1" && ln -s "fenced:$nonce" "$d/go" 2>/dev/null; }; :; }
        bs_fence() { bs_block "$1" || return; bs_look; bs_say; }
        bs_lost() { bs_take "$1" || return; bs_look; case $g in run:*) [ "$a" = 0 ] && [ -z "$e" ] && bs_end lost 2>/dev/null;; esac; bs_look; bs_say; }
        """#
}
