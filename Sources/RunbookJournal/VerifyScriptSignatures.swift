/// The part of `verify-journal.sh` that looks at keys and signatures, as strictly as ``SSHPublicKey`` and ``SSHSIG``.
extension VerifyScript {
    package static let signatureFunctions = #"""
        # is_name NAME: whether a signature can stand under it.
        is_name() {
            case $1 in '' | *[!!-~]* | *[\"\',#*?!\\]*) return 1 ;; esac
            [ ${#1} -le 255 ]
        }

        # is_key TEXT: whether it is a public key that may sign, and nothing else.
        is_key() {
            case $1 in
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"*) [ ${#1} = 80 ] ;;
            # 2,048 bits at least.
            "ssh-rsa AAAAB3NzaC1yc2EAAAA"*) [ ${#1} -ge 378 ] && is_plain "$1" ;;
            "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBB"*) ;;
            "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhB"*) ;;
            "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFB"*) ;;
            "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAI"*) ;;
            "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBB"*) ;;
            *) false ;;
            esac && is_base64 "${1#* }"
        }

        # is_plain KEY: whether it is written in the one way in which ssh-keygen writes it. An RSA key can be padded, and is then
        # another text for the same key: one key would be two votes.
        is_plain() {
            is_base64 "${1#* }" && printf '%s\n' "$1" >"$work/key" &&
                ssh-keygen -e -m RFC4716 -f "$work/key" >"$work/key.out" 2>/dev/null &&
                plain=$(ssh-keygen -i -m RFC4716 -f "$work/key.out" 2>/dev/null) && [ "$plain" = "$1" ]
        }

        # at: the time of the line as ssh-keygen takes one, as $at.
        at() {
            day=${of_ts%T*} clock=${of_ts#*T}
            clock=${clock%.*}
            at="${day%%-*}${day#*-}"
            at="${at%-*}${at##*-}${clock%%:*}"
            clock=${clock#*:}
            at="$at${clock%:*}${clock#*:}Z"
        }

        # armoured TEXT: whether it is a signature of version 1 over a SHA-512; then it is in the file `sig`. ssh-keygen takes
        # version 0 and SHA-256 as well: both are looked at here.
        armoured() {
            case $1 in U1NIU0lHAAAAAQAA*) ;; *) return 1 ;; esac
            is_base64 "$1" || return 1
            blob=$(printf %s "$1" | base64 -d | od -An -v -tx1 | tr -d ' \n')
            case $blob in *0000000000000006736861353132*) ;; *) return 1 ;; esac
            printf -- '-----BEGIN SSH SIGNATURE-----\n%s\n-----END SSH SIGNATURE-----\n' "$1" >"$work/sig" || cannot
        }

        # signed SIGNERS BY NAMESPACE FILE [OPTION…]: whether `sig` is one over FILE.
        signed() {
            signers=$1 as=$2 space=$3 file=$4
            shift 4
            ssh-keygen -Y verify -q -f "$signers" -I "$as" -n "$space" -s "$work/sig" "$@" <"$file" >/dev/null 2>&1
        }

        """#
}
