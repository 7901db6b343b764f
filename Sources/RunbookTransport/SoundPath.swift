/// Shell text by which a host looks at a path before it is used.
///
/// Where somebody else can rename a folder on the way, every name behind it is theirs to choose: a look at it says nothing
/// about what is opened a moment later. So the way is looked at from `/`, once, and refused unless root and the login alone
/// can change it; what is found then stays. A folder that others may write to passes only with the sticky bit, and then what
/// the way goes on with is root's or the login's. Whoever called sudo counts as the login: root runs what they say.
///
/// `ls -ldin` tells owner, permissions and inode on every kind of host; `stat` differs, or is missing.
package enum SoundPath {
    package static let functions = #"""
        bs_line='
        '
        bs_link() { readlink "$1" 2>/dev/null || { [ -h "$1" ] && ls -ld "$1" | sed 's/.* -> //'; }; }
        # $1 as a word of a shell, as $bs_word: what stands in a hint is typed there, perhaps by root.
        bs_quote() {
          bs_word=$1
          case $1 in '' | *[!A-Za-z0-9_./,:@%+=-]*) bs_word="'$(printf '%s\n' "$1" | LC_ALL=C sed "s/'/'\\\\''/g")'";; esac
        }
        # A new folder for nobody else; $w is why not. A default ACL goes before the mask of the shell, not before -m.
        bs_folder() { umask 077; w=$(mkdir -m 700 "$1" 2>&1) && return; w=${w##*: }; return 1; }
        # Of a line of `ls -ldin`: $bs_inode, $bs_mode, $bs_owner, $bs_gid.
        bs_entry() {
          set -f; set -- $1; set +f
          bs_inode=${1:-}; bs_mode=${2:-}; bs_owner=${4:-}; bs_gid=${5:-}
        }
        bs_who() {
          [ -n "${bs_uid:-}" ] && return
          bs_uid=$(id -u); bs_login=$bs_uid
          [ "$bs_uid" != 0 ] || bs_login=${SUDO_UID:-0}
        }
        # Whether it belongs to root or to the login.
        bs_owned() { case $bs_owner in 0 | "$bs_uid" | "$bs_login") ;; *) false;; esac; }
        # Whether the group that may write is the login's own, with nobody else in it: no member, nobody whose first group it
        # is, which a group does not tell, and nobody by an ACL. Whoever can't be told of may be in it.
        bs_alone() {
          [ "$bs_uid" != 0 ] && [ "$bs_owner" = "$bs_uid" ] && [ "$bs_gid" = "$(id -g)" ] && [ "$(id -gn)" = "$(id -un)" ] || return 1
          # With an ACL, what shows as the group's is the most that anybody named there has. Not every `ls` shows that there is one.
          case $bs_mode in *[+@]) return 1;; esac
          case $(ls --help 2>&1 </dev/null) in *[Bb]usy[Bb]ox* | *[Tt]oybox*) return 1;; esac
          { getent group; getent group "$(id -gn)"; cat /etc/group; } | (
            n=$(id -un); f=
            while IFS=: read -r x x g x; do
              [ "$g" = "$bs_gid" ] || continue
              f=1; case $x in '' | "$n") ;; *) exit 1;; esac
            done; [ -n "$f" ] ) || return 1
          { getent passwd; cat /etc/passwd; } | (
            f=
            while IFS=: read -r x x u g x; do
              if [ "$u" = "$bs_uid" ]; then f=1; elif [ "$g" = "$bs_gid" ]; then exit 1; fi
            done; [ -n "$f" ] )
        } 2>/dev/null
        # What to type where others can change $bs_shown, as $bs_hint: $1 takes their rights away; without it, and in what has
        # to be ours alone, it is moved aside. Where it is on the way, there may be nothing to type.
        bs_mend() {
          bs_quote "$bs_shown"; bs_hint=
          if [ $bs_n -gt $bs_sure ]; then bs_hint="mv $bs_word $bs_word.old"; elif [ -n "$1" ]; then bs_hint="$1 $bs_word"; fi
        }
        # The way $1, then $2 in it, which is only ours: no link, no sticky folder. Returns 0 where all of it is there, as
        # $bs_real without links; 2 where it ends at $bs_real and lacks $bs_more ($bs_lacks: way or own); 1 where others can
        # change it: $w says what, and $bs_hint what to type there.
        bs_way() {
          bs_who; bs_links=0; bs_base=$1; bs_own=$2; bs_hint=
          case $1 in /*) ;; *) w="\"$1\" is not an absolute path"; return 1;; esac
          while :; do
            set -- /; bs_real=; bs_todo=$bs_base/; bs_up=; bs_sure=0; bs_paths=$bs_line
            while [ -n "$bs_todo" ]; do
              bs_part=${bs_todo%%/*}; bs_todo=${bs_todo#*/}
              case $bs_part in
              '' | .) ;;
              ..) bs_up=1; break;;
              *"$bs_line"*) w="a name on the way has a line break in it"; return 1;;
              *) bs_real=$bs_real/$bs_part; bs_paths=$bs_paths$bs_real$bs_line; set -- "$@" "$bs_real";;
              esac
              [ -n "$bs_todo" ] || [ "$bs_sure" != 0 ] || { bs_sure=$#; bs_whole=$bs_real; bs_todo=$bs_own${bs_own:+/}; }
            done
            [ -z "$bs_up" ] || { bs_sure=$#; bs_whole=$bs_real/../$bs_todo; }
            bs_all=$#; bs_n=0; bs_list=$(LC_ALL=C ls -ldin "$@" 2>/dev/null); bs_list=$bs_list$bs_line
            while [ "$bs_list" != "$bs_line" ] && [ -n "$bs_list" ]; do
              bs_entry "${bs_list%%"$bs_line"*}"; bs_list=${bs_list#*"$bs_line"}
              bs_at_path=${bs_paths%%"$bs_line"*}; bs_paths=${bs_paths#*"$bs_line"}; bs_n=$((bs_n+1))
              bs_shown=${bs_at_path:-/}
              bs_owned || { w="$bs_shown belongs to another user (uid $bs_owner)"; bs_mend ''; return 1; }
              case $bs_mode in
              l*)
                [ $bs_n -le $bs_sure ] || { w="$bs_shown is a link"; bs_mend ''; return 1; }
                bs_links=$((bs_links+1)); [ $bs_links -le 20 ] || { w="there are too many links on the way"; return 1; }
                bs_to=$(bs_link "$bs_shown"); bs_rest=${bs_whole#"$bs_at_path"}
                case $bs_to in '') w="the link $bs_shown can't be read"; return 1;; /*) bs_base=$bs_to$bs_rest;; *) bs_base=${bs_at_path%/*}/$bs_to$bs_rest;; esac
                continue 2;;
              d????-??-*) ;;
              d????????[tT]*) [ $bs_n -le $bs_sure ] || { w="other users can write to $bs_shown"; bs_mend ''; return 1; };;
              d????w??-*+) w="group $bs_gid, or whom its ACL names, can write to $bs_shown"; bs_mend 'chmod g-w'; return 1;;
              d????w??-*) bs_alone || { w="group $bs_gid can write to $bs_shown"; bs_mend 'chmod g-w'; return 1; };;
              d*) w="other users can write to $bs_shown"; bs_mend 'chmod go-w'; return 1;;
              *) w="$bs_shown is not a folder"; return 1;;
              esac
            done
            [ $bs_n != 0 ] || { w="\`ls -ldin /\` says nothing"; return 1; }
            if [ $bs_n != $bs_all ]; then
              bs_more=${bs_real#"$bs_at_path"/}; bs_real=$bs_at_path; bs_lacks=own; [ $bs_n -ge $bs_sure ] && [ -z "$bs_up" ] || bs_lacks=way
              return 2
            fi
            [ -n "$bs_up" ] || return 0
            bs_base=${bs_real%/*}/$bs_todo; bs_links=$((bs_links+1)); [ $bs_links -le 20 ] || { w="there are too many \`..\` on the way"; return 1; }
          done
        }
        # The same, looked at once in the life of this shell.
        bs_sound() {
          bs_hint=
          case ${bs_known:-} in *"$bs_line$1//$2$bs_line"*) [ ! -d "$1/$2" ] || return 0;; esac
          bs_way "$1" "$2"; set -- "$1" "$2" $?
          [ "$3" != 0 ] || bs_known=${bs_known:-$bs_line}$1//$2$bs_line
          return "$3"
        }
        # Makes what is missing of the folders $2 in $1, one by one; what is there has to be ours. Else $w is why not.
        bs_make() {
          bs_tries=0
          while bs_sound "$1" "$2"; set -- "$1" "$2" $?; [ "$3" = 2 ]; do
            [ $bs_lacks = own ] || { w="$1 does not exist"; return 1; }
            bs_tries=$((bs_tries+1)); bs_todo=$bs_more/
            while [ -n "$bs_todo" ]; do
              bs_real=$bs_real/${bs_todo%%/*}; bs_todo=${bs_todo#*/}
              # Somebody who made it at the same time is looked at, as whoever made it before.
              bs_folder "$bs_real" || { [ -d "$bs_real" ] && [ $bs_tries -lt 5 ] && continue 2; return 1; }
            done
            return 0
          done
          return "$3"
        }
        """#
}
