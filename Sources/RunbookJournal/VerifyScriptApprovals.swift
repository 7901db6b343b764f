/// The part of `verify-journal.sh` that follows approval steps, by the rules of ``ApprovalTally``.
extension VerifyScript {
    static let approvalFunctions = #"""
        # Approvals. An approval step is passed by the votes of enough people and by nothing else: a vote is a signature by one of
        # those whom the opening names; one person is one vote, by whatever name, and one key is one vote. Each such step has a
        # number: asked_N are the lines that ask, votes_N who has approved, keys_N with which keys.
        steps=0 stated= rehearsal=
        # terms STEP COUNT PERSON…: the next approval step.
        terms() {
            steps=$((steps + 1))
            eval "step_$steps=\$1 wants_$steps=\$2 behind_$steps=' ' passed_$steps="
            shift 2
            eval "people_$steps=\$*"
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
        # wanted STEP: whether it is an approval step; then its $number, how many it $wants, and who counts ($people).
        wanted() {
            number=0
            while [ $number -lt $steps ]; do
                number=$((number + 1))
                eval "name=\$step_$number"
                [ "$name" = "$1" ] || continue
                eval "wants=\$wants_$number people=\$people_$number"
                return 0
            done
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
        # take_terms: those of $token.
        take_terms() {
            set -- $token
            [ "$*" = "$token" ] && [ $# -ge 2 ] && is_name "$1" || return 1
            case $2 in [!1-9]* | *[!0-9]* | ??????????*) return 1 ;; esac
            if wanted "$1"; then return 1; fi
            terms "$@"
            shift 2
            for names; do
                case $names in *,) return 1 ;; esac
                while [ -n "$names" ]; do
                    is_name "${names%%,*}" || return 1
                    case $names in *,*) names=${names#*,} ;; *) names= ;; esac
                done
            done
        }
        # texts NAME ACTION: does ACTION with each $token in the array of that name, all of them strings.
        texts() {
            eval "[ \"\$kind_$1\" = a ] && list=\${of_$1#?}" || return 1
            while [ "$list" != ']' ]; do
                rest=$list
                take_string || return 1
                list=${rest#,}
                $2 || return 1
            done
        }
        # take_behind: what may not go on before an approval, of $token.
        take_behind() {
            set -- $token
            [ "$*" = "$token" ] && [ $# -ge 1 ] && wanted "$1" || return 1
            eval "list_=\$behind_$number"
            [ "$list_" = ' ' ] || return 1
            shift
            for name; do is_name "$name" || return 1; done
            eval "behind_$number=' '\"\$* \""
        }
        # begins STEP: a command of it.
        begins() {
            i=0
            while [ $i -lt $steps ]; do
                i=$((i + 1))
                eval "names=\$behind_$i given=\$passed_$i name=\$step_$i"
                case $names in
                *" $1 "*) [ -n "$given" ] || broken $n "step $1 began before step $name was approved" ;;
                esac
            done
        }
        unasked() { printf 'NOTE: approval not asked: %s\n' "$token"; }
        # all_terms: those of the opening.
        all_terms() {
            if has approvals; then
                stated=yes
                texts approvals take_terms || return 1
            elif has approvals_unasked || has approvals_behind; then
                return 1
            fi
            if has approvals_behind; then
                texts approvals_behind take_behind || return 1
            fi
            if has approvals_unasked; then texts approvals_unasked unasked; fi
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
            step.intent | step.done | undo.done | question.answered) [ "${kind_step-}" = s ] || return 0 ;;
            esac
            case $type in
            step.intent)
                field step
                begins "$value"
                ;;
            step.done)
                field step
                step=$value
                if wanted "$step"; then
                    field state
                    eval "given=\$given_$number"
                    is=passed
                    case $value in
                    ok | already) [ "$given" -ge "$wants" ] || is=not ;;
                    failed) [ "${kind_tolerated-}${of_tolerated-}" != ttrue ] || is=not ;;
                    pending | your-turn | running | undone | unclear) ;;
                    *) is=not ;;
                    esac
                    [ $is = passed ] || broken $n "step $step was passed with $given of $wants approvals"
                    case $value in ok | already) eval "passed_$number=yes" ;; *) eval "passed_$number=" ;; esac
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
