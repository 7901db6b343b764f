internal import Crypto
internal import RunbookJournal
internal import RunbookModel
internal import RunbookPlan
internal import RunbookTransport

/// A file that lies beside the runbook, and its place on a host.
///
/// The target's path is looked at once, by ``SoundPath``, and the shell goes into the folder that was found; from then on
/// the file is a name in the working directory. What stood there is kept, by attempt, under the run's mark:
///
///     $HOME/.blackstart/former/RUN~MARK/STEP.HOST/N/
///         file   what stood there before attempt N, where something did
///         was    lines: the target without links, the folder's inode, SHA-256 of the new file, SHA-256 of the former one
///                or `none`, and the attempt whose `file` the former one is
///         back   a restore has put it back: the next attempt begins anew
///         left   what a restore found in the place of the new file
///
/// All of it is on the disk before the target changes. An attempt that finds the new file of an earlier one, not put back
/// since, takes over what that one kept: what stood there before the first effect is what a restore brings back.
struct FileCommand {
    private let source: String
    private let target: String
    private let mode: String?
    private let content: [UInt8]

    init(_ copy: CopyFile, _ scope: Scope, _ files: [String: [UInt8]]) {
        source = copy.source.name
        target = scope.text(copy.target)
        mode = copy.mode
        content = files[copy.source.name] ?? []
    }

    private var digest: String { RunbookPlan.Hex.text(SHA256.hash(data: content)) }

    /// Permissions as they are compared: three octal digits.
    private var permissions: String { String((mode ?? "").suffix(3)) }

    /// `$no` is the exit status for what can't be looked at.
    private func start(no: Int) -> String {
        """
        \(SoundPath.functions)
        t=\(ShellWord.quote(target)); h=\(digest); m=\(permissions); no=\(no)
        \(Self.tools)

        """
    }

    private static let tools = #"""
        # An `echo` of many shells would take a \n in a path for the end of the line.
        fail() { printf '%s\n' "$1" >&2; [ -z "${2:-}" ] || printf 'hint: %s\n' "$2" >&2; exit "$no"; }
        # Fails with $1, and with the command $2 for the target, to be typed there.
        told() { bs_quote "$t"; fail "$1" "$2 $bs_word"; }
        sum() { { sha256sum <"$1" || shasum -a 256 <"$1" || sha256 <"$1" || openssl dgst -sha256 -r <"$1"; } 2>/dev/null | cut -c1-64; }
        # Permissions as octal digits, of `-rwxr-x---`. The special bits are not carried over.
        digits() {
          r=${1#?}; x=
          for i in 1 2 3; do
            case $r in rw[xst]*) x=${x}7;; rw*) x=${x}6;; r?[xst]*) x=${x}5;; r*) x=${x}4;; ?w[xst]*) x=${x}3;; ?w*) x=${x}2;; ??[xst]*) x=${x}1;; *) x=${x}0;; esac
            r=${r#???}
          done
        }
        # Goes into the folder of the target: $b is its name there, $t the whole path without links, $f the folder's inode. Of
        # what stands there: $om permissions, $ou owner, $og group. A link in its place is followed if the way to it is sound.
        place() {
          n=0
          while :; do
            case $t in *"$bs_line"*) fail "a path has a line break in it";; esac
            bs_way "${t%/*}/" ''
            case $? in
            1)
              case $bs_hint,$w in ,*' belongs to another user '*) told "can't use $t: $w" "copy to a folder of $(id -un)'s, and let a step bring it there as that user: runuser -u USER -- cp FILE";; esac
              fail "can't use $t: $w" "${bs_hint:+type there: $bs_hint}";;
            2) return 1;;
            esac
            sticky=; case $bs_mode in d????????[tT]*) sticky=1;; esac
            f=$bs_inode; cd -P "$bs_real/" || exit "$no"
            bs_entry "$(LC_ALL=C ls -ldin . 2>/dev/null)"
            [ "$bs_inode" = "$f" ] || fail "the folder $bs_real was replaced just now"
            b=${t##*/}; t=$bs_real/$b
            case $b in '' | . | ..) fail "$t is a folder";; esac
            bs_entry "$(LC_ALL=C ls -ldin "./$b" 2>/dev/null)"
            [ -z "$bs_mode" ] || [ -z "$sticky" ] || bs_owned || told "can't use $t: it belongs to another user (uid $bs_owner), and everybody can write to its folder" "type there: rm"
            om=$bs_mode; ou=$bs_owner; og=$bs_gid
            case $om in l*) ;; *) return 0;; esac
            bs_owned || told "can't use $t: it is a link of another user (uid $ou)" "type there: rm"
            n=$((n+1)); [ $n -le 20 ] || fail "$t: there are too many links"
            t=$(bs_link "./$b")
            case $t in '') fail "the link $bs_real/$b can't be read";; /*) ;; *) t=$bs_real/$t;; esac
          done
        }
        # A new folder in the target's own, for nobody else, in which a file can be made under its own name.
        room() {
          umask 077
          p=$(mktemp -d ./.blackstart.XXXXXXXXXX 2>/dev/null) || { p=./.blackstart.$$; mkdir -m 700 "$p"; } || exit 1
          trap 'rm -f "./$b"; cd ..; rmdir "$p" 2>/dev/null' EXIT; trap 'exit 129' HUP
          cd -P "$p" || { trap - EXIT; exit 1; }
        }
        tool() { [ "$(sum /dev/null)" = e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 ] || { no=127; fail "the host has no tool for SHA-256; nothing was changed" "install sha256sum, shasum, sha256 or openssl there"; }; }
        flush() { sync "$1" 2>/dev/null || sync; }
        # What attempt $1 wrote down: $rt target, $rf folder, $rn new, $ro old, $rk who keeps it. Fails where it wrote nothing.
        record() { [ -f "$k/$1/was" ] && { IFS= read -r rt && read -r rf && read -r rn && read -r ro && read -r rk; } <"$k/$1/was"; }
        """#

    /// Lines that every decoder takes.
    private var base64Lines: String {
        let text = Base64.encode(content)
        return stride(from: 0, to: text.count, by: 76).map {
            String(decoding: text[$0..<min(text.count, $0 + 76)], as: UTF8.self) + "\n"
        }.joined()
    }

    /// Where the former files of a task are kept.
    private func kept(_ run: RunFacts, _ task: TaskID, _ number: Int) -> String {
        let folder = "\(run.id)~\(run.mark)/\(task.step.replacing("/", with: "~")).\(task.host ?? "-")"
        return """
            o=.blackstart/former/\(ShellWord.quote(folder)); k=${HOME:-/}/$o; a=\(number)

            """
    }

    /// The new file is made in a folder of its own beside its place, compared, and put into it in one move; the former
    /// one is kept.
    func copy(_ run: RunFacts, _ task: TaskID, number: Int) -> CommandText {
        let text =
            start(no: 1) + kept(run, task, number) + """
                place || fail "can't use $t: its folder does not exist"
                case $om in '' | -*) ;; *) fail "$t is there, and is no file";; esac
                tool
                bs_make "${HOME:-/}" "$o/$a" || fail "the former $t can't be kept: $w" "${bs_hint:+type there: $bs_hint}"
                room
                un64() { if command -v base64 >/dev/null 2>&1; then base64 -d; else openssl base64 -d; fi; }
                un64 >"./$b" <<'BS_END' || fail "can't write in the folder of $t"
                \(base64Lines)BS_END
                [ "$(sum "./$b")" = "$h" ] || fail "what arrived is not what was sent"
                s=none; q=0
                if [ -n "$om" ]; then
                  s=$(sum "../$b"); [ -n "$s" ] || fail "can't read $t"
                  # What an earlier attempt put there is not what stood there before.
                  q=$((a-1)); while [ $q -gt 0 ]; do
                    if [ -e "$k/$q/back" ]; then q=0; break; fi
                    if record "$q" && [ "$rt" = "$t" ] && [ "$rn" = "$s" ]; then break; fi
                    q=$((q-1))
                  done
                fi
                if [ $q -gt 0 ]; then s=$ro; q=$rk
                else
                  q=$a
                  if [ -n "$om" ]; then
                    { cp -p "../$b" "$k/$a/file" && [ "$(sum "$k/$a/file")" = "$s" ] && flush "$k/$a/file"; } || fail "the former $t could not be kept"
                  fi
                fi
                if [ -n "$om" ]; then
                  digits "$om"; bs_owner=$ou
                  if bs_owned; then m=${m:-$x}; chown "$ou:$og" "./$b" 2>/dev/null
                  elif [ -n "$m" ]; then
                    # What the runbook says stands; where a group may write, it is the login's.
                    case $m in ?[2367]?) ;; *) chown ":$og" "./$b" 2>/dev/null;; esac
                    printf '%s\n' "$t belonged to user $ou; now it is user $bs_uid's, with permissions $m"
                  else
                    m=$x
                    # Whoever owned it must not change what was put there.
                    chown ":$og" "./$b" 2>/dev/null; case $m in ??[2367]) m=${m%?}$((${m#??} - 2));; esac; case $m in ?[2367]?) r=${m#?}; m=${m%??}$((${r%?} - 2))${r#?};; esac
                    printf '%s\n' "$t belonged to user $ou; now it is user $bs_uid's, with permissions $m"
                  fi
                fi
                chmod "${m:-644}" "./$b" || fail "can't set the permissions of $t"
                { printf '%s\\n' "$t" "$f" "$h" "$s" "$q" >"$k/$a/part" && mv -f "$k/$a/part" "$k/$a/was" && flush "$k/$a/was"; } || fail "the former $t could not be kept"
                mv -f "./$b" .. || exit 1
                flush "../$b"

                """
        return CommandText(text, label: "copy \(source) to \(target)")
    }

    /// Exit 0 where the file is there, whole and with the permissions that are wanted; 1 where it is not; 126 and 127 where
    /// that can't be told.
    var compare: CommandText {
        CommandText(
            start(no: 126) + """
                place || exit 1
                case $om in -*) ;; *) exit 1;; esac
                tool; s=$(sum "./$b"); [ -n "$s" ] || fail "can't read $t"
                digits "$om"
                [ "$s" = "$h" ] && case $m in '' | "$x") ;; *) exit 1;; esac || exit 1

                """, label: "compare \(source) with \(target)")
    }

    /// What was there before is there again, and nothing where nothing was. Exit 0 says that this was seen.
    ///
    /// - Parameter number: the last attempt to copy.
    func restore(_ run: RunFacts, _ task: TaskID, number: Int) -> CommandText {
        CommandText(
            start(no: 1) + kept(run, task, number) + """
                bs_sound "${HOME:-/}" "$o"; [ $? != 1 ] || fail "the former file can't be trusted: $w" "${bs_hint:+type there: $bs_hint}"
                while [ $a -gt 0 ] && ! record "$a"; do a=$((a-1)); done
                [ $a -gt 0 ] || fail "the former $t was not kept here (by this user, for this run)" "put it back by hand"
                place || fail "can't use $t: its folder does not exist"
                tool
                [ "$rt" = "$t" ] || fail "$t is not the file that was copied: that was $rt" "put it back by hand"
                case $om in '') s=none;; -*) s=$(sum "./$b"); [ -n "$s" ] || fail "can't read $t";; *) fail "$t is there, and is no file";; esac
                if [ "$s" = "$ro" ] && { [ "$s" != "$rn" ] || [ -e "$k/$a/back" ]; }; then : >"$k/$a/back"; exit 0; fi
                [ ! -e "$k/$a/back" ] || fail "the former $t was put back before, and has been changed since" "look at $t, and put it back by hand"
                [ "$rf" = "$f" ] || [ "$s" = "$rn" ] || fail "the folder of $t is not the one that was copied to" "look at $t, and put it back by hand"
                [ "$s" = "$rn" ] || [ "$s" = none ] || cp -p "./$b" "$k/$a/left" || fail "what stands in $t now could not be kept"
                if [ "$ro" = none ]; then
                  rm -f "./$b"; [ ! -e "./$b" ] && [ ! -h "./$b" ] || fail "$t could not be taken away"
                  flush .
                else
                  [ "$(sum "$k/$rk/file")" = "$ro" ] || fail "the former $t that was kept is not whole" "put it back by hand"
                  room
                  cp -p "$k/$rk/file" "./$b" && [ "$(sum "./$b")" = "$ro" ] || fail "can't write in the folder of $t"
                  mv -f "./$b" .. || exit 1
                  flush "../$b"; [ "$(sum "../$b")" = "$ro" ] || fail "$t is not what it was before"
                fi
                : >"$k/$a/back" || fail "$t is back, but that could not be written down"
                # It stands in its place now; nothing asks for this one again.
                rm -f "$k/$rk/file"

                """, label: "restore \(target)")
    }
}
