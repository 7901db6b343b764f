/// The part of `verify-journal.sh` that takes a line apart, by the rules of ``LineReader``: a line has one form, and what is
/// written otherwise is refused. A field is one of the line itself, never one that stands inside of another.
extension VerifyScript {
    package static let lineFunctions = #"""
        # Lines. `take_line` takes $line apart: $prev, $seq, $type, and each field as kind_NAME (s: string, n: number, t: true or
        # false, a: array, o: object) and of_NAME, as it stands in the line. $fields are their names, in order.
        fields= kept=
        alphabet=.0123456789_abcdefghijklmnopqrstuvwxyz

        # before A B: whether the name A comes before B, byte by byte.
        before() {
            one=$1 other=$2
            while [ -n "$one" ] && [ -n "$other" ]; do
                a=${one%"${one#?}"} b=${other%"${other#?}"}
                if [ "$a" != "$b" ]; then
                    case $alphabet in *"$a"*"$b"*) return 0 ;; *) return 1 ;; esac
                fi
                one=${one#?} other=${other#?}
            done
            [ -z "$one" ] && [ -n "$other" ]
        }

        # is_base64 TEXT: whether it is base64 without a spare bit.
        is_base64() {
            body=${1%%=*}
            case $body in *[!A-Za-z0-9+/]*) return 1 ;; esac
            case $1 in
            "$body") [ $((${#body} % 4)) = 0 ] ;;
            "$body=") [ $((${#body} % 4)) = 3 ] && case $body in *[AEIMQUYcgkosw048]) ;; *) false ;; esac ;;
            "$body==") [ $((${#body} % 4)) = 2 ] && case $body in *[AQgw]) ;; *) false ;; esac ;;
            *) false ;;
            esac
        }

        # characters TEXT: whether all of it beyond ASCII is UTF-8 of characters that stand for themselves.
        characters() {
            more=0
            for byte in $(printf %s "$1" | od -An -v -tu1); do
                if [ $more -gt 0 ]; then
                    [ "$byte" -ge 128 ] && [ "$byte" -lt 192 ] || return 1
                    scalar=$((scalar * 64 + byte - 128)) more=$((more - 1))
                    [ $more = 0 ] || continue
                    [ $scalar -ge $least ] && [ $scalar -le 1114111 ] || return 1
                    [ $scalar -lt 55296 ] || [ $scalar -gt 57343 ] || return 1
                    [ $scalar -gt 159 ] || return 1
                    [ $scalar -lt 8203 ] || [ $scalar -gt 8207 ] || return 1
                    [ $scalar -lt 8232 ] || [ $scalar -gt 8238 ] || return 1
                    [ $scalar -lt 8294 ] || [ $scalar -gt 8297 ] || return 1
                    [ $scalar != 65279 ] || return 1
                elif [ "$byte" -lt 128 ]; then
                    [ "$byte" -ge 32 ] && [ "$byte" != 127 ] || return 1
                elif [ "$byte" -ge 194 ] && [ "$byte" -le 223 ]; then
                    more=1 least=128 scalar=$((byte - 192))
                elif [ "$byte" -ge 224 ] && [ "$byte" -le 239 ]; then
                    more=2 least=2048 scalar=$((byte - 224))
                elif [ "$byte" -ge 240 ] && [ "$byte" -le 244 ]; then
                    more=3 least=65536 scalar=$((byte - 240))
                else
                    return 1
                fi
            done
            [ $more = 0 ]
        }

        # Each of these takes something off the beginning of $rest, or says no; what it was is in $token.
        take_string() {
            case $rest in \"*) rest=${rest#?} ;; *) return 1 ;; esac
            token=
            while :; do
                case $rest in *[\"\\]*) ;; *) return 1 ;; esac
                part=${rest%%[\"\\]*}
                rest=${rest#"$part"}
                token=$token$part
                case $rest in
                \"*)
                    rest=${rest#?}
                    break
                    ;;
                \\\"* | \\\\*)
                    part=${rest#??}
                    token=$token${rest%"$part"}
                    rest=$part
                    ;;
                \\u[0-9a-f][0-9a-f][0-9a-f][0-9a-f]*)
                    part=${rest#??????}
                    escape=${rest%"$part"}
                    case ${escape#??} in
                    00[01]? | 007f | 00[89]? | 200[b-f] | 202[89a-e] | 206[6-9] | feff) ;;
                    *) return 1 ;;
                    esac
                    token=$token$escape
                    rest=$part
                    ;;
                *) return 1 ;;
                esac
            done
            case $token in *[!\ -~]*) characters "$token" ;; esac
        }

        take_number() {
            token=${rest%%[!0-9-]*}
            rest=${rest#"$token"}
            digits=${token#-}
            case $token in 0 | [1-9]* | -[1-9]*) ;; *) return 1 ;; esac
            case $digits in *[!0-9]*) return 1 ;; esac
            [ ${#digits} -lt 16 ] || { [ ${#digits} = 16 ] && before "$digits" 9007199254740992; }
        }

        # take_name LAST: the name of a field and its colon, as $found; it has to come after LAST.
        take_name() {
            case $rest in \"*\":*) rest=${rest#?} ;; *) return 1 ;; esac
            found=${rest%%\"*}
            case $found in '' | *[!a-z0-9_.]*) return 1 ;; esac
            rest=${rest#"$found"}
            case $rest in \":*) rest=${rest#??} ;; *) return 1 ;; esac
            [ -z "$1" ] || before "$1" "$found"
        }

        # take_value DEPTH: any value; its $kind.
        take_value() {
            [ "$1" -lt 16 ] || return 1
            case $rest in
            \"*) take_string && kind=s ;;
            [0-9-]*) take_number && kind=n ;;
            true*) rest=${rest#true} token=true kind=t ;;
            false*) rest=${rest#false} token=false kind=t ;;
            \[*) take_array "$1" && kind=a ;;
            \{*) take_object "$1" && kind=o ;;
            *) return 1 ;;
            esac
        }

        take_array() {
            rest=${rest#?}
            case $rest in \]*) rest=${rest#?} && return 0 ;; esac
            while :; do
                take_value $(($1 + 1)) || return 1
                case $rest in
                \]*) rest=${rest#?} && return 0 ;;
                ,*) rest=${rest#?} ;;
                *) return 1 ;;
                esac
            done
        }

        take_object() {
            rest=${rest#?}
            case $rest in \}*) rest=${rest#?} && return 0 ;; esac
            set -- "$1" '' 0
            while :; do
                take_name "$2" || return 1
                set -- "$1" "$found" $(($3 + 1))
                take_value $(($1 + 1)) || return 1
                case $rest in
                \}*)
                    rest=${rest#?}
                    # Bytes that are no text.
                    [ "$3$2" != 1b64 ] || { [ "$kind" = s ] && is_base64 "$token"; }
                    return
                    ;;
                ,*) rest=${rest#?} ;;
                *) return 1 ;;
                esac
            done
        }

        # day: whether $token is a time as a journal writes it.
        day() {
            case $token in
            [0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9]Z) ;;
            *) return 1 ;;
            esac
            year=${token%%-*} clock=${token#*T}
            month=${token#*-}
            date=${month#*-}
            month=${month%%-*} date=${date%%T*}
            case $year in 0* | 1[0-8]* | 19[0-6]*) return 1 ;; esac
            case ${clock%%:*} in 2[4-9]) return 1 ;; esac
            leap=29
            [ $((year % 4)) = 0 ] || leap=28
            case $year in *00) [ $((${year%00} % 4)) = 0 ] || leap=28 ;; esac
            case $month in
            0[13578] | 10 | 12) last_date=31 ;;
            0[469] | 11) last_date=30 ;;
            02) last_date=$leap ;;
            *) return 1 ;;
            esac
            case $last_date:$date in *:00 | *:3[2-9] | 30:31 | 2?:3? | 28:29) return 1 ;; esac
        }

        take_line() {
            for name in $kept; do unset "kind_$name" "of_$name"; done
            fields= kept= rest=$line
            [ ${#line} -lt 65536 ] || return 1
            case $rest in '{"prev":"'*) rest=${rest#'{"prev":"'} ;; *) return 1 ;; esac
            prev=${rest%%\"*}
            case $prev in *[!0-9a-f]*) return 1 ;; esac
            [ ${#prev} = 64 ] || return 1
            rest=${rest#"$prev"}
            case $rest in '","seq":'*) rest=${rest#'","seq":'} ;; *) return 1 ;; esac
            take_number || return 1
            seq=$token
            case $rest in ',"t":'*) rest=${rest#',"t":'} ;; *) return 1 ;; esac
            take_string || return 1
            type=$token
            set -- ''
            while :; do
                case $rest in ,*) rest=${rest#,} ;; *) break ;; esac
                take_name "$1" || return 1
                set -- "$found"
                left=$rest
                take_value 1 || return 1
                case $1 in
                prev | seq | t) return 1 ;;
                ts) [ $kind = s ] && day || return 1 ;;
                up) case $kind$token in n-* | [!n]*) return 1 ;; esac ;;
                esac
                case $kind in a | o) token=${left%"$rest"} ;; esac
                fields="$fields $1"
                # No rule of this script asks for a name with a dot, and no variable can have it.
                case $1 in
                *.*) ;;
                *)
                    kept="$kept $1"
                    eval "kind_$1=\$kind of_$1=\$token"
                    ;;
                esac
            done
            [ "$rest" = '}' ] && [ -n "${of_ts-}" ] && [ -n "${of_up-}" ]
        }

        # has NAME: whether the line has that field.
        has() { eval "[ -n \"\${kind_$1-}\" ]"; }

        # field NAME: the string of that name, as $value; empty where there is none.
        field() {
            value=
            eval "[ \"\${kind_$1-}\" != s ] || value=\$of_$1"
        }

        # text NAME: as `field`, with its quotes.
        text() {
            field "$1"
            value="\"$value\""
        }

        # number NAME: the number of that name, as $value; empty where there is none.
        number() {
            value=
            eval "[ \"\${kind_$1-}\" != n ] || value=\$of_$1"
        }

        """#
}
