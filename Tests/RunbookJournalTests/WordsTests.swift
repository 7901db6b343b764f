import Glibc
import RunbookJournal
import Testing

/// Every sentence that a person can read, whole.
@Suite struct WordsTests {
    @Test(
        "what is wrong with a journal is said in one sentence",
        arguments: [
            (.exists(path: "j"), "`j` exists already; every run has a journal of its own"),
            (.absent(path: "j"), "there is no journal at `j`"),
            (.neverBegan(path: "j"), "`j` holds no whole line; the run was killed before it did anything"),
            (
                .locked(path: "j", pid: 7, elsewhere: false),
                "`j` is being written by process 7; a run has one writer at a time"
            ),
            (
                .locked(path: "j", pid: 7, elsewhere: true),
                "`j` is being written by process 7 on another machine; a run has one writer at a time"
            ),
            (
                .locked(path: "j", pid: nil, elsewhere: false),
                "`j` is being written by another process; a run has one writer at a time"
            ),
            (
                .broken(path: "j", JournalBroken(line: 3, reason: .changed)),
                "`j` is broken: line 3: the line was changed: what follows was built on other bytes"
            ),
            (
                .operatorUntrusted(principal: "a@b", fingerprint: "SHA256:x"),
                "a@b may not open a session: SHA256:x is not among the allowed signers"
            ),
            (
                .system(operation: "write", path: "j", error: SystemError(ENOSPC)),
                "can't write `j`: no space left on device"
            ),
            (
                .system(operation: "flush", path: "\u{1B}j", error: SystemError(EIO)),
                "can't flush `\\u{1b}j`: input/output error"
            ),
            (.tooLarge(path: "j", limitBytes: 9), "`j` is larger than 9 bytes"),
            (.poisoned, "writing to the journal failed before; nothing more is recorded or done"),
            (.closed, "the journal is closed"), (.key(.agentRefused), "the ssh-agent refused to sign"),
            (.line(type: "step.done", .tooDeep), "can't record `step.done`: values are nested deeper than 16"),
            (.reservedType("seal"), "`seal` lines are not for callers to write here"),
            (
                .badRunName("../x"),
                "`../x` is no name for a run; use 1 to 100 of [A-Za-z0-9._-], first a letter or a digit"
            ),
            (
                .badPrincipal("a b"),
                "`a b` is no name for a signer; use printable ASCII without spaces, quotes, commas or wildcards"
            ),
        ] as [(JournalFault, String)])
    func journal(fault: JournalFault, words: String) { #expect(fault.message == words) }

    @Test(
        "what breaks a journal is said with its line",
        arguments: [
            (.empty, "line 2: the journal is empty"), (.unterminated, "line 2: the line does not end with a line feed"),
            (.unreadable(.envelope("ts")), "line 2: `ts` is missing, malformed or out of place"),
            (.changed, "line 2: the line was changed: what follows was built on other bytes"),
            (.unchained, "line 2: `prev` is not the hash of the line before"),
            (.sequence(expected: 2, found: 5), "line 2: `seq` is 5 where 2 is due"),
            (.misplaced(type: "seal"), "line 2: a line of type `seal` has no place here"),
            (.malformed(type: "seal"), "line 2: a `seal` line does not have the fields it has to have"),
            (.sealTime, "line 2: the seal's time is not that of the line before"),
            (.sealTerms, "line 2: the seal names another signer, namespace or range than is due"),
            (.signature, "line 2: the signature is not one over the lines before"),
            (.approval, "line 2: the approval is not signed over the journal up to the question"),
            (.root, "line 2: the seal's root is not that of the lines before"),
            (.handover, "line 2: the key that sealed does not vouch for the next key"),
            (
                .untrusted(principal: "a@b", fingerprint: "SHA256:x"),
                "line 2: a@b signed with SHA256:x, which is not among the allowed signers"
            ),
        ] as [(JournalBroken.Reason, String)])
    func broken(reason: JournalBroken.Reason, words: String) {
        #expect(JournalBroken(line: 2, reason: reason).message == words)
    }

    @Test(
        "what is wrong with a line is said in one sentence",
        arguments: [
            (.tooLong(bytes: 70_000), "the line is 70000 bytes long; a line holds at most 65536"),
            (.notTerminated, "the line does not end with a line feed"),
            (.syntax(.expected("a value"), offset: 4), "expected a value at byte 4"),
            (.syntax(.control, offset: 4), "a control character stands unescaped at byte 4"),
            (.syntax(.utf8, offset: 4), "the text is not UTF-8 at byte 4"),
            (.syntax(.escape, offset: 4), "an escape is not the canonical one at byte 4"),
            (.syntax(.number, offset: 4), "a number is not a canonical integer within 2^53 - 1 at byte 4"),
            (.syntax(.duplicateKey, offset: 4), "a key appears twice at byte 4"),
            (.syntax(.keyOrder, offset: 4), "the keys are not in order at byte 4"),
            (.syntax(.key, offset: 4), "a key has characters outside [a-z0-9_.] at byte 4"),
            (.syntax(.base64, offset: 4), "the base64 text is not canonical at byte 4"),
            (.syntax(.depth, offset: 4), "values are nested deeper than 16 at byte 4"),
            (.syntax(.trailing, offset: 4), "something follows the end of the object at byte 4"),
            (.envelope("up"), "`up` is missing, malformed or out of place"),
            (.unknownType("x\u{7}"), "the type `x\\u{7}` is not known to this version"),
            (.badKey("A"), "the key `A` has characters outside [a-z0-9_.]"),
            (.reservedKey("ts"), "the key `ts` belongs to the journal itself"),
            (.reservedObject, "an object with `b64` alone stands for bytes"),
            (.integerOutOfRange(-9), "the integer -9 is beyond 2^53 - 1"),
            (.timeOutOfRange(-9), "the time -9 ms is outside the years 1970 to 9999"),
            (.sequenceOutOfRange(0), "the sequence number 0 is out of range"),
            (.tooDeep, "values are nested deeper than 16"),
        ] as [(LineFault, String)])
    func line(fault: LineFault, words: String) { #expect(fault.message == words) }

    @Test(
        "what is wrong with a key is said in one sentence",
        arguments: [
            (.malformedPublicKey, "the public key is malformed"),
            (.unsupportedKeyType("ssh-rsa"), "keys of type `ssh-rsa` are not supported; use an Ed25519 key"),
            (
                .unsuitableModulus(bits: 1_024),
                "an RSA key of 1024 bits is not accepted; it has to have between 2048 and 16384"
            ),
            (
                .malformedPrivateKey(path: "k"),
                "`k` is no OpenSSH private key of type Ed25519; other types sign through ssh-agent"
            ),
            (
                .encryptedPrivateKey(path: "k"),
                "`k` is locked with a passphrase; be there to type it, or put the key into ssh-agent"
            ),
            (.exposedPrivateKey(path: "k"), "`k` can be read by others than its owner; `chmod 600` it"),
            (.malformedSignature, "the signature is malformed"),
            (
                .system(operation: "read", path: "k", error: SystemError(ENOENT)),
                "can't read `k`: no such file or directory"
            ),
            (.agentAbsent, "no ssh-agent to ask: SSH_AUTH_SOCK is not set, or this command asks none"),
            (
                .agentUnreachable(path: "s", error: SystemError(ECONNREFUSED)),
                "can't reach the ssh-agent at `s`: connection refused"
            ),
            (.agentSilent(path: "s"), "the ssh-agent at `s` did not answer in time"),
            (.agentRefused, "the ssh-agent refused to sign"),
            (.agentLacksKey(fingerprint: "SHA256:x"), "the ssh-agent does not hold the key SHA256:x"),
            (.agentHasNoUsableKey, "the ssh-agent holds no key that can sign a journal"),
            (.agentMalformed, "the ssh-agent answered with something that is no answer"),
            (.signers(path: "s", line: 4, .malformed), "s:4: expected principals, options and a public key"),
            (
                .signers(path: "s", line: 4, .certificateAuthority),
                "s:4: `cert-authority` is not supported; list the keys themselves"
            ),
            (.signers(path: "s", line: 4, .repeatedOption("x")), "s:4: the option `x` is given twice"),
            (
                .signers(path: "s", line: 4, .unquotedOption("x")),
                "s:4: the value of `x` is not in quotes; write x=\"…\""
            ),
            (.signers(path: "s", line: 4, .unknownOption("x")), "s:4: the option `x` is not known"),
            (
                .signers(path: "s", line: 4, .badTime("x")),
                "s:4: `x` is no time; write YYYYMMDD or YYYYMMDDHHMM[SS], with Z for UTC"
            ),
            (.tooLarge(path: "k", limitBytes: 9), "`k` is larger than 9 bytes"),
            (.signingFailed, "the key could not sign"),
        ] as [(KeyFault, String)])
    func key(fault: KeyFault, words: String) { #expect(fault.message == words) }

    @Test(
        "what is wrong with a record is said in one sentence",
        arguments: [
            (.missing(type: "step.done", field: "by"), "a `step.done` line lacks `by`"),
            (
                .malformed(type: "step.done", field: "by"),
                "`by` of a `step.done` line has a value that is not understood"
            ),
            (.unknown(type: "step.done", field: "x"), "`x` of a `step.done` line is not known to this version"),
            (.misplaced(type: "rollback.tasks"), "a `rollback.tasks` line is no record by itself"),
        ] as [(RecordFault, String)])
    func record(fault: RecordFault, words: String) { #expect(fault.message == words) }
}
