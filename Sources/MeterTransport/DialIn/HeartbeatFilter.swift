// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Takes what a modem sends to keep its connection alive out of the octets of a meter.
///
/// Looks at the places between frames only: where nothing is known to go on, after the end of a frame of the wrapper or of
/// HDLC, and at the beginning of what came at once.
struct HeartbeatFilter: Sendable {
    private let patterns: [OctetPattern]
    /// How many octets of the frame that has begun are still to come.
    private var remaining = 0
    /// Whether the last octet was a flag of HDLC, behind which a frame may begin.
    private var isBehindFlag = false
    /// What may be the beginning of a heartbeat, or of a frame.
    private var held: [UInt8] = []

    init(_ patterns: [OctetPattern]) {
        self.patterns = patterns
    }

    /// What is left of octets that came.
    mutating func received(_ octets: [UInt8]) -> [UInt8] {
        var rest = (held + octets)[...]
        held = []
        var kept: [UInt8] = []
        kept.reserveCapacity(rest.count)
        func keep(_ count: Int) {
            kept += rest.prefix(count)
            rest = rest.dropFirst(count)
        }
        while !rest.isEmpty {
            if remaining > 0 {
                let count = min(remaining, rest.count)
                remaining -= count
                keep(count)
                continue
            }
            switch frame(rest) {
            case .complete(let count): remaining = count
            case .partial:
                held = Array(rest)
                return kept
            case .none:
                switch heartbeat(rest) {
                case .complete(let count): rest = rest.dropFirst(count)
                case .partial:
                    held = Array(rest)
                    return kept
                case .none: keep(rest.count)
                }
            }
        }
        return kept
    }

    /// The length of the frame that begins here.
    private mutating func frame(_ octets: ArraySlice<UInt8>) -> OctetPattern.PrefixMatch {
        let wasBehindFlag = isBehindFlag
        isBehindFlag = false
        guard let first = octets.first else { return .none }
        if first == 0x7E {
            isBehindFlag = true
            return .complete(1)
        }
        // The format field of HDLC: type 3, then the length in 11 bits, which the closing flag does not belong to.
        if wasBehindFlag, first & 0xF0 == 0xA0 {
            guard let second = octets.dropFirst().first else {
                isBehindFlag = true
                return .partial
            }
            return .complete(max(Int(first & 0x07) << 8 | Int(second), 2))
        }
        // The wrapper: version 1, two ports, and the length of what follows.
        let version: [UInt8] = [0, 1]
        guard version.starts(with: octets.prefix(2)) else { return .none }
        guard octets.count >= 8 else { return .partial }
        let length = octets.dropFirst(6).prefix(2).reduce(0) { $0 << 8 | Int($1) }
        return .complete(8 + length)
    }

    private func heartbeat(_ octets: ArraySlice<UInt8>) -> OctetPattern.PrefixMatch {
        var isOpen = false
        for pattern in patterns {
            switch pattern.matchPrefix(of: octets) {
            case .complete(let count): return .complete(count)
            case .partial: isOpen = true
            case .none: break
            }
        }
        return isOpen ? .partial : .none
    }
}
