/// `verify-journal.sh`: proves a journal without any program of ours. It lies beside every journal.
package enum VerifyScript {
    package static let name = "verify-journal.sh"

    /// What a run may record, as a pattern of the shell.
    private static let records = LineTypes.known.subtracting(LineTypes.own).subtracting(LineTypes.signed).sorted()
        .joined(separator: " | ")

    package static let text = ##"""
        #!/bin/sh
        # verify-journal.sh [JOURNAL [ALLOWED_SIGNERS]]
        #
        # Proves a journal of blackstart with sh, sha256sum and ssh-keygen, and nothing of blackstart. ALLOWED_SIGNERS lists the
        # people whom you trust, as ssh-keygen(1) describes it; without it, the journal's own word says who signed. Ends with 0
        # where the journal stands, with 7 where it is broken, and names the line.
        set -uf
        LC_ALL=C
        export LC_ALL
        umask 077
        journal=${1:-journal.jsonl}
        trusted=${2:-}
        [ -r "$journal" ] || { echo "verify-journal.sh: can't read $journal" >&2; exit 64; }
        [ -z "$trusted" ] || [ -r "$trusted" ] || { echo "verify-journal.sh: can't read $trusted" >&2; exit 64; }
        work=$(mktemp -d) || exit 1
        trap 'rm -rf "$work"' EXIT
        trap 'exit 130' INT TERM

        broken() {
            echo "$journal:$1: $2"
            exit 7
        }

        # bytes HEX: those bytes, as a format of printf in $bytes.
        bytes() {
            bytes= hex=$1
            while [ -n "$hex" ]; do
                rest=${hex#??}
                byte=$((0x${hex%"$rest"}))
                bytes="$bytes\\$((byte / 64))$((byte / 8 % 8))$((byte % 8))"
                hex=$rest
            done
        }

        # node LEFT RIGHT: the hash over two hashes of the tree (RFC 6962), as $node.
        node() {
            bytes "01$1$2"
            node=$(printf "$bytes" | sha256sum)
            node=${node%% *}
        }

        # The subtrees so far, the newest first: SIZE:HASH each.
        peaks=
        leaf() {
            bytes "00$1"
            node=$(printf "$bytes" | sha256sum)
            node=${node%% *}
            size=1
            while :; do
                case $peaks in "$size:"*) ;; *) break ;; esac
                left=${peaks%% *}
                peaks=${peaks#* }
                node "${left#*:}" "$node"
                size=$((size * 2))
            done
            peaks="$size:$node $peaks"
        }
        root() {
            node=
            for peak in $peaks; do
                if [ -z "$node" ]; then node=${peak#*:}; else node "${peak#*:}" "$node"; fi
            done
        }

        # field NAME: the string of that name in $line, as $value; empty where there is none.
        field() {
            case $line in
            *"\"$1\":\""*)
                value=${line#*"\"$1\":\""}
                value=${value%%\"*}
                ;;
            *) value= ;;
            esac
        }

        # text NAME: as `field`, with its quotes and with all that is escaped as it stands.
        text() {
            rest=${line#*"\"$1\":\""}
            value=
            while :; do
                part=${rest%%\"*}
                rest=${rest#*\"}
                value="$value$part"
                tail=$part
                while case $tail in *\\\\) true ;; *) false ;; esac do tail=${tail%??}; done
                case $tail in *\\) value="$value\"" ;; *) break ;; esac
            done
            value="\"$value\""
        }

        # number NAME: the number of that name in $line, as $value.
        number() {
            value=${line#*"\"$1\":"}
            value=${value%%[!0-9]*}
        }

        # at: the time in $time as ssh-keygen takes one, as $at.
        at() {
            day=${time%T*} clock=${time#*T}
            clock=${clock%.*}
            at="${day%%-*}${day#*-}"
            at="${at%-*}${at##*-}${clock%%:*}"
            clock=${clock#*:}
            at="$at${clock%:*}${clock#*:}Z"
        }

        # armoured TEXT: whether it is base64 without a spare bit; then it is in the file `sig`. ssh-keygen takes a signature of
        # version 0 for one of version 1: that bit is looked at here.
        armoured() {
            case $1 in U1NIU0lHAAAAAQAA*) ;; *) return 1 ;; esac
            body=${1%%=*}
            case $body in '' | *[!A-Za-z0-9+/]*) return 1 ;; esac
            case $1 in
            "$body") [ $((${#body} % 4)) = 0 ] ;;
            "$body=") [ $((${#body} % 4)) = 3 ] && case $body in *[AEIMQUYcgkosw048]) ;; *) false ;; esac ;;
            "$body==") [ $((${#body} % 4)) = 2 ] && case $body in *[AQgw]) ;; *) false ;; esac ;;
            *) false ;;
            esac || return 1
            printf -- '-----BEGIN SSH SIGNATURE-----\n%s\n-----END SSH SIGNATURE-----\n' "$1" >"$work/sig"
        }

        # signed SIGNERS BY NAMESPACE FILE [OPTION…]: whether `sig` is one over FILE.
        signed() {
            signers=$1 as=$2 space=$3 file=$4
            shift 4
            ssh-keygen -Y verify -q -f "$signers" -I "$as" -n "$space" -s "$work/sig" "$@" <"$file" >/dev/null 2>&1
        }

        # upto N: the first N lines.
        upto() {
            i=0
            while [ $i -lt "$1" ] && IFS= read -r old; do
                printf '%s\n' "$old"
                i=$((i + 1))
            done <"$work/prefix"
        }

        \##(approvalFunctions)
        : >"$work/prefix"
        n=0 run= state=start sealed=0 last=0000000000000000000000000000000000000000000000000000000000000000
        time= up= opened= asked=" " seals=" "
        while IFS= read -r line; do
            n=$((n + 1))
            rest=${line#'{"prev":"'}
            prev=${rest%%\"*}
            rest=${line#*'","seq":'}
            seq=${rest%%,*}
            type=${line#*',"t":"'}
            type=${type%%\"*}
            case $line in
            "{\"prev\":\"$prev\",\"seq\":$seq,\"t\":\"$type\""*) ;;
            *) broken $n "that is no line of a journal" ;;
            esac
            [ "$seq" = "$n" ] || broken $n "\`seq\` is not $n"
            [ "$prev" = "$last" ] || broken $n "it, or the line before, is not as it was written: the chain breaks here"
            case $type in
            run.open | session.open)
                [ "$type" = run.open ] && wanted=start || wanted=later
                [ "$state" = start ] && is=start || is=later
                [ $wanted = $is ] || broken $n "an opening has no place here"
                if [ "$type" = run.open ]; then
                    field run
                    run=$value
                    field mark
                    mark=$value
                    field mode
                    [ "$value" != dry-run ] || rehearsal=yes
                    all_terms
                    case $run in '' | [.-]* | *[!A-Za-z0-9._-]*) broken $n "that is no name of a run" ;; esac
                fi
                field by
                by=$value
                case $by in '' | *[!!-~]* | *[\"\',#*?!\\]*) broken $n "that is no name of a signer" ;; esac
                field key
                key=$value
                field next
                next=$value
                state=opened
                opened=$n
                ;;
            seal)
                field by
                who=$value
                field ns
                field root
                claimed=$value
                field root_sig
                root_sig=$value
                field sig
                sig=$value
                field next
                after=$value
                announced=
                case $state in
                opened)
                    [ "$who" = "$by" ] || broken $n "another one seals than opened the session"
                    [ -z "$after" ] || broken $n "the seal of a person announces no key"
                    after=$next
                    ;;
                writing)
                    [ "$who" = "run-$run" ] || broken $n "another one seals than the run"
                    by=$who
                    [ -z "$after" ] || announced="\"next\":\"$after\","
                    ;;
                *) broken $n "a seal has no place here" ;;
                esac
                form="{\"prev\":\"$prev\",\"seq\":$n,\"t\":\"seal\",\"by\":\"$who\",\"covers\":$((n - 1)),$announced"
                form="$form\"ns\":\"blackstart-journal\",\"root\":\"$claimed\",\"root_sig\":\"$root_sig\",\"sig\":\"$sig\","
                form="$form\"ts\":\"$time\",\"up\":$up}"
                [ "$line" = "$form" ] || broken $n "the seal is not as it was written"
                echo "$who $key" >"$work/signers"
                armoured "$sig" || broken $n "the signature is not as it was written"
                signed "$work/signers" "$who" blackstart-journal "$work/prefix" ||
                    broken $n "the signature is not one over the lines before"
                root
                [ "$node" = "$claimed" ] || broken $n "the seal's root is not that of the lines before"
                printf 'blackstart root 1\nrun %s\nlines %s\nroot %s\nnext %s\n' \
                    "$run" $((n - 1)) "$node" "${after:--}" >"$work/statement"
                armoured "$root_sig" || broken $n "the second signature is not as it was written"
                signed "$work/signers" "$who" blackstart-root "$work/statement" ||
                    broken $n "the key that sealed does not vouch for the next key"
                if [ $state = opened ]; then
                    if [ -n "$trusted" ]; then
                            at
                        armoured "$sig"
                        signed "$trusted" "$who" blackstart-journal "$work/prefix" -O "verify-time=$at" ||
                            broken $n "$who signed, with a key that is not among the allowed signers"
                        echo "lines 1 to $opened: signed by $who, who is among the allowed signers"
                    else
                        echo "lines 1 to $opened: signed by $who, by the journal's own word"
                    fi
                fi
                key=$after
                sealed=$n
                [ -n "$after" ] && state=writing || state=ended
                ;;
            recovered)
                [ $state != start ] || broken $n "a recovery has no place here"
                state=recovered
                ;;
            approval)
                [ $state = writing ] || broken $n "an approval has no place here"
                field by
                who=$value
                field choice
                choice=$value
                field step
                step=$value
                field key
                approver=$value
                field sig
                sig=$value
                number covers
                covers=$value
                case $asked in *" $covers:$step "*) ;; *) broken $n "the approval answers no question" ;; esac
                upto "$covers" >"$work/question"
                case $choice in
                approve) ;;
                failed) echo refuse >>"$work/question" ;;
                *) broken $n "that is no answer to a question for approval" ;;
                esac
                at
                echo "$who $approver" >"$work/signers"
                armoured "$sig" && signed "$work/signers" "$who" blackstart-approval "$work/question" ||
                    broken $n "the approval is not signed over the journal up to the question"
                if [ -n "$trusted" ]; then
                    signed "$trusted" "$who" blackstart-approval "$work/question" -O "verify-time=$at" ||
                        broken $n "$who signed, with a key that is not among the allowed signers"
                fi
                [ -n "$rehearsal" ] || vote
                echo "line $n: $choice, signed by $who"
                ;;
            hand.work)
                [ $state = writing ] || broken $n "work by hand has no place here"
                field by
                who=$value
                field key
                doer=$value
                field sig
                sig=$value
                field end
                end=${value:--}
                field step
                step=${value:--}
                field host
                host=${value:--}
                text what
                what=$value
                text when
                printf 'blackstart by hand 1\nrun %s\nmark %s\nstep %s\nhost %s\nend %s\nwhen %s\nwhat %s\n' \
                    "$run" "$mark" "$step" "$host" "$end" "$value" "$what" >"$work/statement"
                at
                echo "$who $doer" >"$work/signers"
                armoured "$sig" && signed "$work/signers" "$who" blackstart-by-hand "$work/statement" ||
                    broken $n "the work by hand is not signed by who did it, as it stands"
                if [ -n "$trusted" ]; then
                    signed "$trusted" "$who" blackstart-by-hand "$work/statement" -O "verify-time=$at" ||
                        broken $n "$who signed, with a key that is not among the allowed signers"
                fi
                echo "line $n: done by hand, signed by $who"
                ;;
            drill)
                [ $state = writing ] || broken $n "a drill has no place here"
                field by
                who=$value
                field key
                doer=$value
                field sig
                sig=$value
                field author
                author=$value
                text took_part
                people=$value
                text confused
                confused=$value
                text note
                printf 'blackstart drill 1\nrun %s\nmark %s\nauthor %s\ntook_part %s\nconfused %s\nnote %s\n' \
                    "$run" "$mark" "$author" "$people" "$confused" "$value" >"$work/statement"
                at
                echo "$who $doer" >"$work/signers"
                armoured "$sig" && signed "$work/signers" "$who" blackstart-by-hand "$work/statement" ||
                    broken $n "the drill is not signed by who declared it, as it stands"
                if [ -n "$trusted" ]; then
                    signed "$trusted" "$who" blackstart-by-hand "$work/statement" -O "verify-time=$at" ||
                        broken $n "$who signed, with a key that is not among the allowed signers"
                fi
                echo "line $n: a drill, declared by $who"
                ;;
            witness)
                [ $state = writing ] || broken $n "a witness has no place here"
                field host
                who=$value
                field key
                keeper=$value
                field sig
                sig=$value
                number bytes
                size=$value
                number covers
                covers=$value
                case $seals in *" $covers "*) ;; *) broken $n "the witness names no seal" ;; esac
                upto "$covers" >"$work/kept"
                [ "$(($(wc -c <"$work/kept")))" = "$size" ] || broken $n "the witness names another number of bytes"
                echo "witness $keeper" >"$work/signers"
                armoured "$sig" && signed "$work/signers" witness blackstart-witness "$work/kept" ||
                    broken $n "the witness did not sign the journal up to the seal that the line names"
                echo "line $n: $who keeps a copy of lines 1 to $covers"
                ;;
            step.done | undo.done | rollback.ended | rollback.abandoned | question.answered)
                [ $state = writing ] || broken $n "a line of type $type has no place here"
                [ -n "$rehearsal" ] || follow
                ;;
            \##(records)) [ $state = writing ] || broken $n "a line of type $type has no place here" ;;
            *) broken $n "no line is of type $type" ;;
            esac
            if [ "$type" = question.asked ]; then
                field kind
                if [ "$value" = approval ]; then
                    field step
                    asked="$asked$n:$value "
                    ask "$value"
                fi
            fi
            [ "$type" = seal ] && seals="$seals$n "
            field ts
            time=$value
            up=${line#*',"up":'}
            up=${up%%[!0-9]*}
            last=$(printf '%s\n' "$line" | sha256sum)
            last=${last%% *}
            leaf "$last"
            printf '%s\n' "$line" >>"$work/prefix"
        done <"$journal"
        [ $n -gt 0 ] || broken 1 "there is no whole line"
        whole=$(sha256sum <"$journal")
        read_=$(sha256sum <"$work/prefix")
        [ "$whole" = "$read_" ] || broken $((n + 1)) "the last line was never finished, or there are bytes that are no text"
        echo "$journal: unbroken. $n lines, sealed through line $sealed; head $n:$last"
        [ $sealed = $n ] || echo "NOTE: $((n - sealed)) lines after the last seal are chained, not signed"
        [ -n "$stated$rehearsal" ] || [ $steps = 0 ] || echo "NOTE: an older version wrote it, which did not state who may approve"
        [ -n "$trusted" ] || echo "NOTE: nobody vouches for the keys: give a file of allowed signers that you trust"

        """##
}
