/// The part of `verify-journal.sh` that follows approval steps, by the rules of ``ApprovalTally``.
extension VerifyScript {
    static let approvalFunctions = #"""
        # Approvals. An approval step is passed by the votes of enough people and by nothing else: a vote is a signature by one of
        # those whom the opening names; one person is one vote, by whatever name, and one key is one vote. Each such step has a
        # number: asked_N are the lines that ask, votes_N who has approved, keys_N with which keys.
        : >"$work/terms"
        steps=0 stated= rehearsal=
        # terms STEP COUNT PERSON…: the next approval step.
        terms() {
            steps=$((steps + 1))
            printf '%s\n' "$*" >>"$work/terms"
            forget $steps
        }
        forget() { eval "asked_$1=' ' votes_$1=' ' keys_$1=' ' given_$1=0"; }
        forget_all() {
            i=0
            while [ $i -lt $steps ]; do
                i=$((i + 1))
                forget $i
            done
        }
        # wanted STEP: whether it is an approval step; then its $number, how many it $wants, whether it has a `when`
        # ($conditional), and who counts ($people).
        wanted() {
            number=0
            while read -r name wants people; do
                number=$((number + 1))
                [ "$name" = "$1" ] || continue
                conditional=
                case $wants in *\?) conditional=yes wants=${wants%\?} ;; esac
                return 0
            done <"$work/terms"
            return 1
        }
        # person NAME: whose name it is among $people, as $voter.
        person() {
            voter=0
            for names in $people; do
                voter=$((voter + 1))
                case ",$names," in *",$1,"*) return 0 ;; esac
            done
            [ -z "$stated" ] && voter=$1
        }
        # all_terms: those of the opening in $line.
        all_terms() {
            case $line in *'"approvals":['*) ;; *) return 0 ;; esac
            stated=yes
            list=${line#*'"approvals":['}
            while :; do
                case $list in '"'*) ;; *) return 0 ;; esac
                list=${list#'"'}
                terms ${list%%'"'*}
                list=${list#*'"'}
                list=${list#,}
            done
        }
        # ask STEP: line $n asks for approval of it.
        ask() {
            [ -n "$stated" ] || wanted "$1" || terms "$1" 1
            if wanted "$1"; then eval "asked_$number=\"\${asked_$number}$n \""; fi
        }
        # vote: takes in the approval in $line.
        vote() {
            wanted "$step" || broken $n "the approval answers no question"
            eval "lines=\$asked_$number votes=\$votes_$number keys=\$keys_$number given=\$given_$number"
            case $lines in *" $covers "*) ;; *) broken $n "the approval answers no question" ;; esac
            if person "$who"; then
                if [ "$choice" = failed ]; then
                    forget $number
                else
                    case $votes in
                    *" $voter "*) ;;
                    *)
                        case $keys in
                        *" $approver "*) ;;
                        *) eval "votes_$number=\"\$votes\$voter \" keys_$number=\"\$keys\$approver \" given_$number=$((given + 1))" ;;
                        esac
                        ;;
                    esac
                fi
            fi
        }
        # follow: what else is said of approval steps.
        follow() {
            case $type in
            step.done)
                field step
                step=$value
                if wanted "$step"; then
                    field state
                    eval "given=\$given_$number"
                    is=passed
                    case $value in
                    ok | already) [ "$given" -ge "$wants" ] || is=not ;;
                    skipped)
                        [ -n "$conditional" ] || is=not
                        case $line in *',"tolerated":true'*) ;; *) is=not ;; esac
                        ;;
                    failed) case $line in *',"tolerated":true'*) is=not ;; esac ;;
                    pending | your-turn | running | undone | unclear) ;;
                    *) is=not ;;
                    esac
                    [ $is = passed ] || broken $n "step $step was passed with $given of $wants approvals"
                    forget $number
                fi
                ;;
            undo.done)
                field step
                if wanted "$value"; then forget $number; fi
                ;;
            rollback.ended | rollback.abandoned)
                forget_all
                ;;
            question.answered)
                field kind
                if [ "$value" = approval ]; then
                    field step
                    if wanted "$value"; then
                        field choice
                        case $value in approve | failed) broken $n "the answer to a question for approval is not signed" ;; esac
                    fi
                fi
                ;;
            esac
        }

        """#
}
