extension ReceiptScript {
    /// What every question needs: to find a receipt, to look at it, and to say what is there.
    static let basics = #"""
        LC_ALL=C; export LC_ALL; bs_umask=$(umask); bs_mine=
        bs_sh=${BLACKSTART_SHELL:-/bin/sh}
        bs_top=${HOME:-/} bs_kept=.blackstart/receipts
        case ${BLACKSTART_RECEIPTS:-} in ?*/?*) bs_top=${BLACKSTART_RECEIPTS%/*} bs_kept=${BLACKSTART_RECEIPTS##*/};; esac
        bs_root=$bs_top/$bs_kept
        # The size of a file as $z.
        bs_size() { z=0; if [ -s "$1" ]; then z=$(wc -c <"$1"); z=$((z)); fi; }
        # Prints $1, and fails where not all of it could be written.
        bs_put() { printf %s "$1"; }
        case ${KSH_VERSION:-} in ?*) [ "$(command -v print)" != print ] || bs_put() { print -rn -- "$1"; };; esac
        # Prints the line $1. The arguments of another program stand in the list of processes: this is never one.
        bs_hush() {
          if [ "$(command -v printf)" = printf ]; then printf '%s\n' "$1"
          elif [ "$(command -v print)" = print ]; then print -r -- "$1"
          else cat <<BS_END
        $1
        BS_END
          fi
        }
        # What goes down the pipe to a command: the password of sudo, a line that ends what sudo did not read, and the secrets.
        bs_give() {
          [ "$bs_as" != password ] || bs_hush "$bs_pw"
          case ${bs_name:+$d} in '' | *"'"*) set --;; *) set -- "BLACKSTART_RECEIPT='$d'; export BLACKSTART_RECEIPT";; esac
          bs_hush "BS $nonce$bs_line$bs_hidden${1:-}"
        }
        # Runs the file $8: $3 the shell, $4 the mask, $5 as whom, $6 the line in the pipe, $7 the open environment; $9 a file
        # that shows that it was let in.
        bs_start='[ -z "$5" ] || : >"$5"; while IFS= read -r l && [ "$l" != "$1" ]; do :; done; eval "$(cat)"; [ ! -f "$3" ] || . "$3"; exec "$2" "$4" </dev/null'
        bs_run='umask "$4"; cd "${BLACKSTART_FOLDER:-$HOME}" 2>/dev/null || cd /
          case $5 in
          free) exec sudo -n -- /bin/sh -c '"'$bs_start'"' sh "$6" "$3" "$7" "$8" "${9-}";;
          password) exec sudo -S -p "" -- /bin/sh -c '"'$bs_start'"' sh "$6" "$3" "$7" "$8" "${9-}";;
          user) exec /bin/sh -c '"'$bs_start'"' sh "$6" "$3" "$7" "$8" "${9-}";;
          *) [ ! -f "$7" ] || . "$7"; exec "$3" "$8" </dev/null;;
          esac'
        bs_root() {
          case $bs_as in
          free) sudo -n -- "$@" </dev/null;;
          password) bs_hush "$bs_pw" | sudo -S -p "" -- "$@";;
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
        bs_none() { bs_why="no receipt can be kept: $1"; bs_refuse; }
        # Says $bs_why, and what to type. An `echo` of many shells would take a \n in a path for the end of the line.
        bs_refuse() { printf 'N %s\n' "$(printf %s "$bs_why${bs_hint:+; to mend it, type there: $bs_hint}" | tr '\n' ' ')"; }
        # Whether others can't have made or changed what is in the folder $1 of the receipts, if it is there.
        bs_trust() { bs_sound "$bs_top" "$bs_kept/$1"; [ $? != 1 ] || { bs_none "$w"; return 1; }; }
        # The receipt that is spoken of. Of its claim: the digest as $h, who submitted it as $bs_by, for which run as $bs_of.
        bs_take() { d=$bs_root/$1; bs_name=$1; e=; g=; h=; r=; bs_by=; bs_of=; bs_began=; bs_stopped=; bs_left=; bs_trust "$1" && bs_home "${1%%/*}"; }
        # What tells the folder of run $1 from every other of that name, as $bs_at.
        bs_home() { bs_at=; if [ -f "$bs_root/$1/.home" ]; then IFS= read -r bs_at <"$bs_root/$1/.home" || bs_at=; fi; }
        # Of process $1: when it began as $bs_start_of, and its group as $bs_group. Fails where the system does not tell.
        bs_facts() {
          bs_start_of=; bs_group=; { [ -r "/proc/$1/stat" ] && IFS= read -r l <"/proc/$1/stat"; } 2>/dev/null || return 1
          set -f; set -- ${l##*")" }; set +f
          bs_start_of=${20}; bs_group=$3
        }
        # Whether process $p is the runner of the receipt: its arguments name it.
        bs_ours() {
          if [ -d /proc/self ]; then tr '\0' '\n' <"/proc/$p/cmdline" | grep -Fqx "blackstart:$bs_name"
          else ps -ww -o args= -p "$p" | grep -Fq "blackstart:$bs_name "
          fi 2>/dev/null
        }
        # Whether the runner, or what is left of its group, is there. Numbers of processes are used again.
        bs_alive() {
          kill -0 "-$p" 2>/dev/null || kill -0 "$p" 2>/dev/null || return 1
          bs_facts "$p" || return 0
          [ "$bs_start_of" != "$bs_began" ] || return 0
          [ -z "$bs_began" ] && bs_ours && bs_began=$bs_start_of
        }
        bs_ended() { for f in "$d"/end.*; do [ -f "$f" ] && e=${f##*/end.}; done; [ ! -e "$d/stopped" ] || bs_stopped=1; }
        # `go` and `id` never change once they are there.
        bs_look() {
          e=; a=0; c=0
          [ -d "$d" ] && c=1
          bs_ended
          [ -n "$g" ] || [ ! -h "$d/go" ] || g=$(bs_link "$d/go")
          [ -n "$h" ] || [ ! -f "$d/id" ] || IFS=' ' read -r h bs_by bs_of <"$d/id" || h=
          case $g in run:*)
            p=${g#run:}; p=${p%%:*}
            if [ "${g#run:*:}" = "$b" ] && bs_alive; then a=1; fi
            # It may have ended between the two looks.
            [ "$a" = 1 ] || bs_ended;;
          esac
        }
        bs_say() {
          bs_size "$d/out"; o=$z; bs_size "$d/err"
          echo "S claim=$c id=$h go=$g end=$e alive=$a boot=$b out=$o err=$z refused=${r:-} home=$bs_at run=$bs_of stopped=$bs_stopped left=$bs_left"
        }
        bs_contact() { echo "F boot=$b now=$(date +%s) home=${bs_at:-} session=${bs_last:-}"; }
        """#
}
