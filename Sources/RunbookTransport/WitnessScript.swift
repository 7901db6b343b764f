internal import RunbookModel

/// What a controller asks of a witness: a host that keeps copies of journals which only ever grow.
package enum WitnessRequest: Hashable, Sendable {
    /// Bytes of a run's journal, whole lines, from `offset` on.
    case push(run: String, offset: Int, bytes: [UInt8])
    /// How much of it is kept there?
    case tell(run: String)
    /// The copy itself, of at most so many bytes: a witness that has or sends more is cut off. It is handed on as it comes,
    /// as output, and nothing of it is held.
    case get(run: String, limitBytes: Int)

    package var run: String {
        switch self {
        case .push(let run, _, _), .tell(let run), .get(let run, _): run
        }
    }

    /// What goes to the stdin of ``WitnessScript/command``.
    package var input: [UInt8] {
        switch self {
        case .push(let run, let offset, let bytes): Array("push \(run) \(offset) \(bytes.count)\n".utf8) + bytes
        case .tell(let run): Array("tell \(run) 0 0\n".utf8)
        case .get(let run, _): Array("get \(run) 0 0\n".utf8)
        }
    }
}

/// What a witness answers.
package struct WitnessReply: Hashable, Sendable {
    package enum Verdict: String, Hashable, Sendable {
        /// It keeps so many bytes now.
        case have
        /// It keeps fewer than the offset: it wants what lies between.
        case gap
        /// What came was cut on the way.
        case torn
        /// It keeps other bytes there.
        case fork
        case refused
    }

    package var verdict: Verdict
    /// Length of its copy.
    package var bytes = 0
    /// Why it refuses.
    package var reason = ""
    /// Armoured SSHSIG over its copy; nil where it can't sign.
    package var signature: String?

    package init(_ verdict: Verdict, bytes: Int = 0, reason: String = "", signature: String? = nil) {
        self.verdict = verdict
        self.bytes = bytes
        self.reason = reason
        self.signature = signature
    }

    /// A line of what came; nil where it is no answer. What a login prints before it is passed over.
    package init?(line: some Collection<UInt8>) {
        guard line.starts(with: Self.mark) else { return nil }
        let words = String(decoding: line.dropFirst(Self.mark.count), as: UTF8.self).split(
            separator: " ", maxSplits: 1)
        guard let verdict = words.first.flatMap({ Verdict(rawValue: String($0)) }) else { return nil }
        self.init(verdict)
        if verdict == .refused {
            reason = words.count > 1 ? String(words[1]) : ""
            return
        }
        guard words.count > 1, let count = Int(words[1]), count >= 0 else { return nil }
        bytes = count
    }

    private static let mark = Array("BSW ".utf8)
    private static let signed = Array("-----BEGIN SSH SIGNATURE-----".utf8)

    /// From all that came of an answer that is no copy; nil where it is none.
    package init?(_ output: [UInt8]) {
        var at = 0
        while at < output.count {
            let end = output[at...].firstIndex(of: UInt8(ascii: "\n")) ?? output.count
            let line = output[at..<end]
            at = min(end + 1, output.count)
            guard line.starts(with: Self.mark) else { continue }
            self.init(line: line)
            if output[at...].starts(with: Self.signed) { signature = String(decoding: output[at...], as: UTF8.self) }
            return
        }
        return nil
    }
}

/// Reads the answer to ``WitnessRequest/get(run:limitBytes:)`` as it comes: a line, and as many bytes as that says. Holds
/// no more than the line.
package struct WitnessCopy: Sendable {
    private var line = HostBytes(limitBytes: Self.lineBytes)
    private var skipped = 0
    private var left = 0
    private let limitBytes: Int
    /// Once its line has come; nil before that, and where what came is no answer.
    package private(set) var reply: WitnessReply?

    /// Of the line, and of all that a login prints before it.
    private static let lineBytes = 4 << 10
    private static let skippedBytes = 256 << 10

    package init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// Whether all of it has come.
    package var isWhole: Bool { reply != nil && left == 0 }

    /// Takes the next bytes; hands on what belongs to the copy.
    package mutating func take(_ bytes: [UInt8], _ copy: ([UInt8]) -> Void) -> Hearing {
        var rest = bytes[...]
        while reply == nil, !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n"))
            line.take(rest[..<(end ?? rest.endIndex)])
            skipped += end.map { $0 + 1 - rest.startIndex } ?? rest.count
            guard skipped <= Self.skippedBytes else { return .tooMuch(limitBytes: Self.skippedBytes) }
            guard let end else { return .more }
            rest = rest[(end + 1)...]
            reply = line.isOver ? nil : WitnessReply(line: line.bytes)
            line = HostBytes(limitBytes: Self.lineBytes)
            left = reply?.verdict == .have ? reply?.bytes ?? 0 : 0
            guard left <= limitBytes else { return .tooMuch(limitBytes: limitBytes) }
        }
        let part = rest.prefix(left)
        left -= part.count
        if !part.isEmpty { copy(Array(part)) }
        return isWhole ? .whole : .more
    }
}

/// The forced command of an append-only account on a witness host. Copies are kept as segments, each a file that is named
/// by its offset and appears whole or not at all, by a hard link: so there is no lock that could be left behind, and what a
/// transfer that was cut has brought is never part of a copy.
package enum WitnessScript {
    /// What is run there. An account with a forced command runs that, whatever it is asked.
    package static let command = "blackstart-witness"

    package static let text = #"""
        #!/bin/sh
        # blackstart-witness: keeps copies of journals that only ever grow, and signs what it keeps.
        #
        # It is the forced command of an account of its own; put it where only root can write, and the key of whoever may bring
        # journals into the account's authorized_keys:
        #
        #     restrict,command="/usr/local/bin/blackstart-witness" ssh-ed25519 AAAA… controller
        #
        # In comes a line, `push RUN OFFSET COUNT`, `tell RUN 0 0` or `get RUN 0 0`, and after a push COUNT bytes, whole lines.
        # Out comes `BSW have N`, and a signature over those N bytes; or `gap N`, `torn N`, `fork N`, `refused WHY`. What is kept
        # can't be changed or taken away from outside. Copies lie in $BLACKSTART_WITNESS, else in ~/.blackstart/witness, and
        # beside them the key that signs: only that account and root may be able to write there, or to a folder on the way.
        umask 077
        LC_ALL=C
        export LC_ALL
        root=${BLACKSTART_WITNESS:-$HOME/.blackstart/witness}
        limit=1073741824
        refuse() {
            printf 'BSW refused %s\n' "$*"
            exit 2
        }
        IFS=' ' read -r verb run offset count rest || refuse "that is no question"
        case $run in '' | [.-]* | *[!A-Za-z0-9._-]*) refuse "that is no name of a run" ;; esac
        [ ${#run} -le 100 ] || refuse "that is no name of a run"
        for number in "$offset" "$count"; do
            case $number in '' | *[!0-9]* | 0?* | ??????????????*) refuse "that is no number" ;; esac
        done

        \#(SoundPath.functions)

        unsafe() { refuse "its folder can't be trusted: $w${bs_hint:+; to mend it, type there: $bs_hint}"; }
        # Links lead there, if nobody else can turn them; what is there already, and what is made now, is ours alone.
        case $root in */..|*/../*) refuse "there must be no \`..\` in its folder" ;; esac
        bs_way "$root" ''
        case $? in
        0) top=${bs_real%/*}/ own=${bs_real##*/} ;;
        1) unsafe ;;
        2) top=$bs_real/ own=$bs_more ;;
        esac
        root=$top$own
        own=$own/runs/$run
        bs_sound "$top" "$own"
        [ $? != 1 ] || unsafe
        d=$root/runs/$run

        # How much is kept, as $have: the newest segment tells by its name and size. One that the loss of power has torn is put
        # aside; what is pushed again heals it.
        look() {
            have=0
            while :; do
                last=
                for f in "$d"/[0-9]*; do [ -f "$f" ] && last=$f; done
                [ -n "$last" ] || { have=0; return; }
                start=${last##*/}
                start=${start#"${start%%[!0]*}"}
                size=$(($(wc -c <"$last")))
                have=$((${start:-0} + size))
                [ $size -gt 0 ] && [ "$(($(tail -c 1 "$last" | wc -l)))" = 1 ] && return
                mv "$last" "$d/torn.${last##*/}.$$" || refuse "a torn segment can't be put aside"
            done
        }
        kept() { cat "$d"/[0-9]*; }
        flush() { sync "$@" 2>/dev/null || sync; }
        answer() {
            echo "BSW have $have"
            [ "$have" -gt 0 ] || return 0
            if [ ! -f "$root/key" ]; then
                rm -f "$root/key.$$" "$root/key.$$.pub"
                ssh-keygen -q -t ed25519 -N '' -C witness -f "$root/key.$$" </dev/null >/dev/null 2>&1 || return 0
                # Whoever is first: the others take that one.
                ln "$root/key.$$" "$root/key" 2>/dev/null && mv "$root/key.$$.pub" "$root/key.pub"
                rm -f "$root/key.$$" "$root/key.$$.pub"
            fi
            kept | ssh-keygen -q -Y sign -f "$root/key" -n blackstart-witness 2>/dev/null
        }

        case $verb in
        tell)
            look
            answer
            ;;
        get)
            look
            echo "BSW have $have"
            [ "$have" = 0 ] || kept
            ;;
        push)
            [ $((offset + count)) -le $limit ] || refuse "a journal is at most $limit bytes"
            [ "$count" -gt 0 ] || refuse "there is nothing to keep"
            bs_make "$top" "$own" || refuse "its folder can't be made: $w"
            in=$d/in.$$
            trap 'rm -f "$in" "$in".*' EXIT
            trap 'exit 1' HUP INT TERM
            # What others left who were cut off.
            for f in "$d"/in.*; do
                pid=${f##*/in.}
                kill -0 "${pid%%.*}" 2>/dev/null || rm -f "$f"
            done
            head -c "$count" >"$in" || refuse "it can't be written down"
            look
            if [ "$(($(wc -c <"$in")))" != "$count" ] || [ "$(($(tail -c 1 "$in" | wc -l)))" != 1 ]; then
                echo "BSW torn $have"
                exit 6
            fi
            tries=0
            while :; do
                [ "$offset" -le "$have" ] || { echo "BSW gap $have"; exit 3; }
                old=$((have - offset))
                [ $old -le "$count" ] || old=$count
                if [ $old -gt 0 ]; then
                    kept | tail -c +$((offset + 1)) | head -c $old >"$in.old" || refuse "it can't be written down"
                    # On a full disk a part of it would differ from what came, as a fork does.
                    [ "$(($(wc -c <"$in.old")))" = $old ] || refuse "it can't be compared"
                    head -c $old "$in" | cmp -s - "$in.old" || { echo "BSW fork $have"; exit 4; }
                fi
                [ $((offset + count)) -gt "$have" ] || break
                tail -c +$((old + 1)) "$in" >"$in.new" || refuse "it can't be written down"
                [ "$(($(wc -c <"$in.new")))" = $((count - old)) ] || refuse "it can't be written down"
                flush "$in.new"
                if ln "$in.new" "$d/$(printf %020d "$have")" 2>/dev/null; then
                    flush "$d"
                    look
                    break
                fi
                # Another one was faster: what it brought is compared.
                rm -f "$in.new"
                look
                tries=$((tries + 1))
                [ $tries -lt 20 ] || refuse "it can't be linked"
            done
            # Whoever asked may be gone before all is said.
            rm -f "$in" "$in".*
            answer
            ;;
        *) refuse "that is no question" ;;
        esac

        """#
}
