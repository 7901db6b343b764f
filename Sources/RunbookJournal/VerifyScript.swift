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
        # Proves a journal of blackstart with sh, sha256sum, base64, od and ssh-keygen, and nothing of blackstart. ALLOWED_SIGNERS lists the
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
        for tool in sha256sum ssh-keygen base64 od tr wc mktemp; do
            command -v $tool >/dev/null || { echo "verify-journal.sh: there is no $tool here" >&2; exit 1; }
        done
        work=$(mktemp -d) || exit 1
        trap 'rm -rf "$work"' EXIT
        trap 'exit 130' INT TERM

        broken() {
            printf '%s\n' "$journal:$1: $2"
            exit 7
        }
        cannot() {
            echo "verify-journal.sh: can't write to $work, so nothing is proven" >&2
            exit 1
        }
        # vouch SIGNERS-LINE: the only one whose signature counts next, in the file `signers`.
        vouch() { printf '%s\n' "$1" >"$work/signers" || cannot; }

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

        \##(lineFunctions)
        \##(signatureFunctions)
        # upto N: the first N lines.
        upto() {
            i=0
            while [ $i -lt "$1" ] && IFS= read -r old; do
                printf '%s\n' "$old" || return 1
                i=$((i + 1))
            done <"$work/prefix"
            [ $i = "$1" ]
        }

        \##(approvalFunctions)
        : >"$work/prefix" || cannot
        n=0 run= state=start sealed=0 last=0000000000000000000000000000000000000000000000000000000000000000
        time= up= opened= asked=" " seals=" "
        while IFS= read -r line; do
            n=$((n + 1))
            take_line || broken $n "not a line as a journal writes it"
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
                    mode=$value
                    [ "$mode" != dry-run ] || rehearsal=yes
                    all_terms || broken $n "what it says of approvals is not in the form of a journal"
                    case $run in '' | [.-]* | *[!A-Za-z0-9._-]*) broken $n "that is no name of a run" ;; esac
                    [ ${#run} -le 100 ] || broken $n "that is no name of a run"
                fi
                field by
                by=$value
                is_name "$by" || broken $n "that is no name of a signer"
                field key
                key=$value
                field next
                next=$value
                is_key "$key" && is_key "$next" || broken $n "that is no key that may sign"
                case $next in ssh-ed25519\ *) ;; *) broken $n "the next key is not an Ed25519 key" ;; esac
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
                    if [ -n "$after" ]; then
                        is_key "$after" && case $after in ssh-ed25519\ *) ;; *) false ;; esac ||
                            broken $n "the next key is not an Ed25519 key"
                        announced="\"next\":\"$after\","
                    fi
                    ;;
                *) broken $n "a seal has no place here" ;;
                esac
                form="{\"prev\":\"$prev\",\"seq\":$n,\"t\":\"seal\",\"by\":\"$who\",\"covers\":$((n - 1)),$announced"
                form="$form\"ns\":\"blackstart-journal\",\"root\":\"$claimed\",\"root_sig\":\"$root_sig\",\"sig\":\"$sig\","
                form="$form\"ts\":\"$time\",\"up\":$up}"
                [ "$line" = "$form" ] || broken $n "the seal is not as it was written"
                vouch "$who $key"
                armoured "$sig" || broken $n "the signature is not as it was written"
                signed "$work/signers" "$who" blackstart-journal "$work/prefix" ||
                    broken $n "the signature is not one over the lines before"
                root
                [ "$node" = "$claimed" ] || broken $n "the seal's root is not that of the lines before"
                printf 'blackstart root 1\nrun %s\nlines %s\nroot %s\nnext %s\n' \
                    "$run" $((n - 1)) "$node" "${after:--}" >"$work/statement" || cannot
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
                number cut
                field cut_sha256
                [ "$fields" = " cut cut_sha256 ts up" ] && [ ${#value} = 64 ] &&
                    case $value in *[!0-9a-f]*) false ;; esac &&
                    case $of_cut in 0 | -* | *[!0-9]*) false ;; esac || broken $n "the recovery is not as it was written"
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
                field ns
                is_name "$who" && is_key "$approver" && [ "$value" = blackstart-approval ] && [ "${kind_step-}" = s ] ||
                    broken $n "the approval is not as it was written"
                case $asked in *" $covers:$step "*) ;; *) broken $n "the approval answers no question" ;; esac
                upto "$covers" >"$work/question" || cannot
                case $choice in
                approve) ;;
                failed) echo refuse >>"$work/question" || cannot ;;
                *) broken $n "that is no answer to a question for approval" ;;
                esac
                at
                vouch "$who $approver"
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
                for name in $fields; do
                    case " by end host key ns sig step ts up what when " in
                    *" $name "*) ;;
                    *) broken $n "the work by hand is not as it was written" ;;
                    esac
                    case $name in up) ;; *) eval "[ \$kind_$name = s ]" || broken $n "the work by hand is not as it was written" ;; esac
                done
                field ns
                is_name "$who" && is_key "$doer" && has what && has when && [ "$value" = blackstart-by-hand ] ||
                    broken $n "the work by hand is not as it was written"
                field end
                end=${value:--}
                if has end; then
                    case $end in done | failed) ;; *) broken $n "the work by hand is not as it was written" ;; esac
                fi
                field step
                step=${value:--}
                field host
                host=${value:--}
                text what
                what=$value
                text when
                printf 'blackstart by hand 1\nrun %s\nmark %s\nstep %s\nhost %s\nend %s\nwhen %s\nwhat %s\n' \
                    "$run" "$mark" "$step" "$host" "$end" "$value" "$what" >"$work/statement" || cannot
                at
                vouch "$who $doer"
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
                field took_part
                [ -n "$value" ] || broken $n "the drill is not as it was written"
                field ns
                is_name "$who" && is_key "$doer" && [ "$value" = blackstart-by-hand ] &&
                    [ "$fields" = " author by confused key note ns sig took_part ts up" ] &&
                    [ $kind_confused$kind_note$kind_took_part = sss ] || broken $n "the drill is not as it was written"
                field author
                author=$value
                case $author in present | absent) ;; *) broken $n "the drill is not as it was written" ;; esac
                text took_part
                people=$value
                text confused
                confused=$value
                text note
                printf 'blackstart drill 1\nrun %s\nmark %s\nauthor %s\ntook_part %s\nconfused %s\nnote %s\n' \
                    "$run" "$mark" "$author" "$people" "$confused" "$value" >"$work/statement" || cannot
                at
                vouch "$who $doer"
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
                field ns
                is_key "$keeper" && [ "$value" = blackstart-witness ] && [ "${kind_host-}" = s ] &&
                    [ "$fields" = " bytes covers host key ns sig ts up" ] || broken $n "the witness is not as it was written"
                number bytes
                size=$value
                number covers
                covers=$value
                case $seals in *" $covers "*) ;; *) broken $n "the witness names no seal" ;; esac
                upto "$covers" >"$work/kept" || cannot
                [ "$(($(wc -c <"$work/kept")))" = "$size" ] || broken $n "the witness names another number of bytes"
                vouch "witness $keeper"
                armoured "$sig" && signed "$work/signers" witness blackstart-witness "$work/kept" ||
                    broken $n "the witness did not sign the journal up to the seal that the line names"
                printf '%s\n' "line $n: $who keeps a copy of lines 1 to $covers"
                ;;
            step.intent | step.done | undo.done | rollback.ended | rollback.abandoned | question.answered)
                [ $state = writing ] || broken $n "a line of type $type has no place here"
                [ -n "$rehearsal" ] || follow
                ;;
            \##(records)) [ $state = writing ] || broken $n "a line of type $type has no place here" ;;
            *) broken $n "no line is of type $type" ;;
            esac
            if [ "$type" = question.asked ] && [ "${kind_step-}" = s ]; then
                field kind
                if [ "$value" = approval ]; then
                    field step
                    asked="$asked$n:$value "
                    ask "$value"
                fi
            fi
            [ "$type" = seal ] && seals="$seals$n "
            time=$of_ts up=$of_up
            last=$(printf '%s\n' "$line" | sha256sum)
            last=${last%% *}
            leaf "$last"
            printf '%s\n' "$line" >>"$work/prefix" || cannot
        done <"$journal"
        [ $n -gt 0 ] || broken 1 "there is no whole line"
        whole=$(sha256sum <"$journal")
        read_=$(sha256sum <"$work/prefix")
        [ "$whole" = "$read_" ] || broken $((n + 1)) "the last line was never finished, or there are bytes that are no text"
        echo "$journal: unbroken. $n lines, sealed through line $sealed; head $n:$last"
        [ $sealed = $n ] || echo "NOTE: $((n - sealed)) lines after the last seal are chained, not signed"
        [ -z "$rehearsal" ] || echo "NOTE: a dry run: a fixture answered, no host did, and approvals are not signed"
        [ -n "$stated$rehearsal" ] || [ $steps = 0 ] || echo "NOTE: an older version wrote it, which did not state who may approve"
        [ -n "$trusted" ] || echo "NOTE: nobody vouches for the keys: give a file of allowed signers that you trust"

        """##
}
