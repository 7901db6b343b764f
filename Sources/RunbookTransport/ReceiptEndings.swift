extension ReceiptScript {
    /// To stop a command, and to forget what it printed.
    static let endings = #"""
        # What the runner has begun, what that has begun, and the rest of its group: PID:BEGUN each, the second part where the
        # system tells. A name in /proc may hold a line of its own; the time of the beginning then does not fit.
        bs_kin() {
          if [ -r /proc/self/stat ]; then
            cat /proc/[0-9]*/stat 2>/dev/null | awk -v p="$p" '{ k = $1; if (!sub(/.*\) /, "")) next; split($0, f, " "); up[k] = f[2]; at[k] = f[20]; of[k] = f[3] }
              END { for (k in up) if (k != p) { if (of[k] == p) { print k ":" at[k]; continue }
                q = k; for (n = 0; n < 99 && (q in up); n++) { q = up[q]; if (q == p) { print k ":" at[k]; break } } } }'
          else
            ps -o pid= -o ppid= -e 2>/dev/null | awk -v p="$p" '{ up[$1] = $2 }
              END { for (k in up) { q = k; for (n = 0; n < 99 && (q in up); n++) { q = up[q]; if (q == p) { print k ":"; break } } } }'
          fi
        }
        # The same without grandchildren.
        bs_children() {
          if [ -r /proc/self/stat ]; then
            cat /proc/[0-9]*/stat 2>/dev/null | awk -v p="$p" '{ k = $1; if (!sub(/.*\) /, "")) next; split($0, f, " "); if (f[2] == p) print k ":" f[20] }'
          else ps -o pid= -o ppid= -e 2>/dev/null | awk -v p="$p" '$2 == p { print $1 ":" }'; fi
        }
        # Whether process $1, PID:BEGUN, is still that one.
        bs_same() { bs_facts "${1%%:*}"; [ "$bs_start_of" = "${1#*:}" ] && kill -0 "${1%%:*}" 2>/dev/null; }
        # Sends signal $1 to those that are still who they were.
        bs_signal() {
          bs_with=$1; shift
          for k; do bs_facts "${k%%:*}"; [ "$bs_start_of" != "${k#*:}" ] || { bs_root kill "-$bs_with" "${k%%:*}" && bs_hit=1; }; done
        }
        # That a signal was sent is in the receipt before it is sent. A link to a file needs no room on the disk.
        bs_warn() {
          bs_fresh=; [ ! -e "$d/stopped" ] || return 0
          { printf '' >"$d/stopped"; } 2>/dev/null || ln "$d/id" "$d/stopped" 2>/dev/null || return 1
          bs_fresh=1
          sync "$d/stopped" 2>/dev/null || :
        }
        bs_await() { n=0; while [ $n -lt "$1" ]; do bs_look; [ -n "$e" ] || [ "$a" = 0 ] && break; n=$((n+1)); bs_nap 0.05; [ $((n % 40)) = 0 ] && echo H; done; }
        bs_kill() {
          # What has not begun by now does not begin any more.
          bs_block "$1" || return; bs_look
          if [ "$a" = 1 ] && [ -z "$e" ] && bs_ours; then
            # Whoever asks later, and after a kill of this shell, has to know that the command may only have obeyed.
            bs_warn || { bs_look; bs_say; return; }
            m=$(bs_kin)
            # The children first: the runner then writes down how the command ended.
            bs_hit=; bs_signal TERM $(bs_children)
            bs_await 100
            if [ -z "$e" ] && bs_ours; then m=$(bs_kin); bs_signal KILL $m; bs_await 20; fi
            # It had ended before one was sent.
            if [ -n "$e" ] && [ -z "$bs_hit" ] && [ -n "$bs_fresh" ]; then rm -f "$d/stopped"; bs_stopped=; fi
            if [ -z "$e" ] && bs_ours; then kill -TERM "$p" 2>/dev/null; bs_nap 0.3; ! bs_ours || kill -KILL "$p" 2>/dev/null; fi
            # What the command left behind. Its group is still its own as long as one of those is in it.
            for q in $m; do if bs_same "$q" && [ "$bs_group" = "$p" ]; then kill -KILL "-$p" 2>/dev/null; break; fi; done
            bs_signal KILL $m
            n=0; while [ $n -lt 100 ]; do bs_look; [ "$a" = 0 ] && break; n=$((n+1)); bs_nap 0.05; [ $((n % 40)) = 0 ] && echo H; done
            [ "$a" = 0 ] && [ -z "$e" ] && bs_end lost 2>/dev/null
          fi
          # The runner is gone, and what is in its group carries the name of the receipt.
          if [ "$a" = 1 ] && [ -z "$e" ] && ! bs_facts "$p" && bs_warn; then
            for k in $(bs_carriers); do ! bs_facts "$k" || [ "$bs_group" != "$p" ] || bs_root kill -KILL "$k"; done
            n=0; while [ $n -lt 20 ]; do bs_look; [ "$a" = 0 ] && break; n=$((n+1)); bs_nap 0.05; done
            [ "$a" = 0 ] && [ -z "$e" ] && bs_end lost 2>/dev/null
          fi
          case $g in run:*) bs_stopped=${bs_stopped:-0}; bs_count;; esac
          bs_look; bs_say
        }
        # The processes whose environment names the receipt: they may be in a session of their own.
        bs_carriers() {
          for k in $(bs_root grep -lsF "BLACKSTART_RECEIPT=$d" /proc/[0-9]*/environ | tr -cd '0-9\n'); do
            # The name of another receipt may begin with that of this one.
            bs_root cat "/proc/$k/environ" | tr '\0' '\n' | grep -Fqx "BLACKSTART_RECEIPT=$d" && echo "$k"
          done
        }
        # How many there are, as $bs_left.
        bs_count() {
          [ -r /proc/self/environ ] || return
          # What was just killed takes a moment to go.
          n=0; while bs_left=0; for k in $(bs_carriers); do bs_left=$((bs_left+1)); done; [ $bs_left -gt 0 ] && [ $n -lt 10 ]; do n=$((n+1)); bs_nap 0.05; done
        }
        bs_tidy() { for k; do bs_take "$k" >/dev/null || continue; bs_ended; [ -z "$e" ] || { rm -f "$d/out" "$d/err" "$d/run" "$d/env" "$d/script" "$d/spare"; [ ! -s "$f" ] || printf '' >"$f"; }; done; echo T; }
        # Of an empty or torn one nothing is said. Steps of included runbooks lie in folders of their own.
        bs_heads() {
          bs_trust "$1" || return
          d=$bs_root/$1
          for f in "$d"/*/head "$d"/*/*/head "$d"/*/*/*/head "$d"/*/*/*/*/head "$d"/*/*/*/*/*/head; do
            [ -f "$f" ] || continue
            if [ -n "${2:-}" ]; then m=; [ ! -f "${f%/head}/id" ] || IFS=' ' read -r x y m <"${f%/head}/id"; [ "$m" = "$2" ] || continue; fi
            l=; IFS= read -r l <"$f" || continue
            q=${f#"$d/"}; echo "K ${q%/head} $l"
          done
          echo J
        }
        """#
}
