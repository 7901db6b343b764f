package import RunbookModel

/// Power: a host whose `power` is `off` does not answer. Set to anything else it boots, which takes its `boot` time, and
/// answers with a new boot id. `cycle` means off and at once on again. A host that says nothing of power is on.
extension FixtureSite {
    package static let powerKey = "power"
    private static let off = "off"
    static let cycle = "cycle"

    package enum Presence: Hashable, Sendable {
        case up
        case off
        /// Answers at this site time, in milliseconds.
        case booting(until: Int64)
    }

    /// What became of a host by a change of its power.
    package enum PowerChange: Hashable, Sendable {
        /// Whatever ran on it died.
        case wentOff(String)
        /// It answers at this site time, in milliseconds.
        case boots(String, readyAt: Int64)
    }

    package func presence(of host: String, at now: Int64) -> Presence {
        if value(Self.powerKey, of: host) == Self.off { return .off }
        if let ready = state.readyAt[host], now < ready { return .booting(until: ready) }
        return .up
    }

    /// Carries out the `set` of an answer that `host` gave; what its power changes is told in order.
    package mutating func apply(_ set: [StateValue], by host: String, at now: Int64) -> [PowerChange] {
        set.flatMap { line -> [PowerChange] in
            let target = line.host ?? host
            let key = SiteKey(host: target, key: line.key)
            guard line.key == Self.powerKey else {
                state.values[key] = .some(line.value)
                return []
            }
            let wasOff = value(Self.powerKey, of: target) == Self.off
            if line.value == Self.cycle {
                state.values[key] = "on"
                return (wasOff ? [] : [.wentOff(target)]) + [boot(target, at: now)]
            }
            state.values[key] = .some(line.value)
            switch (wasOff, line.value == Self.off) {
            case (false, true): return [.wentOff(target)]
            case (true, false): return [boot(target, at: now)]
            case (true, true), (false, false): return []
            }
        }
    }

    /// Power cut and back at once: what runs dies, and the host boots.
    package mutating func reboot(_ host: String, at now: Int64) -> [PowerChange] {
        apply([StateValue(key: Self.powerKey, value: Self.cycle)], by: host, at: now)
    }

    private mutating func boot(_ host: String, at now: Int64) -> PowerChange {
        let takes = section(of: host).map { fixture.hosts[$0].boot.wholeMilliseconds } ?? 0
        let (ready, overflow) = now.addingReportingOverflow(max(0, takes))
        state.boots[host, default: 0] += 1
        state.readyAt[host] = overflow ? .max : ready
        return .boots(host, readyAt: overflow ? .max : ready)
    }

    /// The boot id of a host: from the seed, its name and how often it booted; in the form Linux writes them.
    package func bootID(of host: String) -> String {
        var mixer = IDMixer(seed: fixture.seed ^ salt)
        mixer.mix(host)
        mixer.mix("boot \(state.boots[host] ?? 0)")
        return mixer.uuid
    }
}

/// Names from a seed: FNV-1a to take text in, SplitMix64 to spread it. No secret, only different and repeatable.
struct IDMixer {
    private var value: UInt64

    init(seed: UInt64) { value = seed ^ 0xCBF2_9CE4_8422_2325 }

    mutating func mix(_ text: String) {
        for byte in Array(text.utf8) + [0xFF] { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }

    private mutating func next() -> UInt64 {
        value = value &+ 0x9E37_79B9_7F4A_7C15
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// 8-4-4-4-12 lower-case hexadecimal digits, version 4.
    var uuid: String {
        var copy = self
        let high = (copy.next() & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000
        let low = (copy.next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
        let digits = Array("0123456789abcdef")
        var text = ""
        for index in 0..<32 {
            let word = index < 16 ? high : low
            let nibble = (word >> UInt64(60 - 4 * (index % 16))) & 0xF
            if [8, 12, 16, 20].contains(index) { text.append("-") }
            text.append(digits[Int(nibble)])
        }
        return text
    }
}
