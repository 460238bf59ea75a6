// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// One message on its way through the faults that happen to it; their order does not matter.
struct FaultyMessage {
    private enum Ending {
        case nothing
        case close
        case reset
        case freeze
    }

    private var octets: [UInt8]
    private var lead: [UInt8] = []
    private var copies = 0
    private var delay = Duration.zero
    private var octetTime: Duration?
    private var kept: Int
    private var ending = Ending.nothing

    /// Whether nothing of it arrives.
    private(set) var isLost = false
    /// Whether the client hears it as well.
    private(set) var isEchoed = false

    init(_ octets: [UInt8]) {
        self.octets = octets
        kept = octets.count
    }

    mutating func apply(_ effect: Fault.Effect, _ generator: inout SeededGenerator) {
        switch effect {
        case .delay(let time, let jitter):
            delay += time + jitter * generator.fraction()
        case .loss, .silence:
            isLost = true
        case .duplication(let copies):
            self.copies += copies
        case .corruption(let count):
            corrupt(count, &generator)
        case .wrongChecksum:
            guard let place = checksumPlace else { return }
            octets[place] ^= UInt8(1 + generator.below(127))
        case .trickle(let time):
            octetTime = time
        case .truncation(let count):
            keep(count, &generator)
        case .cut(let count):
            keep(count, &generator)
            ending = .close
        case .closing:
            isLost = true
            ending = .close
        case .reset:
            isLost = true
            ending = .reset
        case .halfOpen:
            isLost = true
            ending = .freeze
        case .noise(let count):
            lead += generator.octets(count)
        case .echo:
            isEchoed = true
        case .refusal:
            break
        }
    }

    /// The steps that the message takes; `pass` makes the step that passes octets on.
    func steps(pacing: LinePacing?, _ pass: ([UInt8]) -> LineStep) -> [LineStep] {
        var steps: [LineStep] = delay > .zero ? [.pause(delay)] : []
        if !isLost {
            if !lead.isEmpty { paced(lead, pacing, pass, &steps) }
            for _ in 0...copies where kept > 0 { paced(Array(octets.prefix(kept)), pacing, pass, &steps) }
        }
        switch ending {
        case .nothing: break
        case .close: steps.append(.close)
        case .reset: steps.append(.reset)
        case .freeze: steps.append(.freeze)
        }
        return steps
    }

    private func paced(
        _ octets: [UInt8],
        _ pacing: LinePacing?,
        _ pass: ([UInt8]) -> LineStep,
        _ steps: inout [LineStep]
    ) {
        let (lot, time): (Int, (Int) -> Duration)
        if let octetTime {
            (lot, time) = (1, { octetTime * $0 })
        } else if let pacing {
            (lot, time) = (pacing.octetsAtOnce, pacing.time(of:))
        } else {
            return steps.append(pass(octets))
        }
        var rest = octets[...]
        while !rest.isEmpty {
            let next = rest.prefix(lot)
            rest = rest.dropFirst(next.count)
            // An octet has come when its last bit has.
            steps.append(.pause(time(next.count)))
            steps.append(pass(Array(next)))
        }
    }

    private mutating func corrupt(_ count: Int, _ generator: inout SeededGenerator) {
        var places = Array(octets.indices)
        for _ in 0..<min(count, places.count) {
            let place = places.remove(at: generator.below(places.count))
            octets[place] ^= UInt8(1 + generator.below(255))
        }
    }

    private mutating func keep(_ count: Int?, _ generator: inout SeededGenerator) {
        // At random means: something of it, and not all.
        kept = min(kept, count ?? (octets.count > 1 ? 1 + generator.below(octets.count - 1) : 0))
    }

    /// Where the check sequence is; nil if the message has none.
    private var checksumPlace: Int? {
        guard let last = octets.last, octets.count >= 4 else { return nil }
        // HDLC: the frame check sequence stands before the closing flag.
        if last == 0x7E, octets.first == 0x7E, octets.count >= 8 { return octets.count - 2 }
        // IEC 62056-21: the block check character follows ETX or EOT.
        let before = octets[octets.count - 2] & 0x7F
        return before == 0x03 || before == 0x04 ? octets.count - 1 : nil
    }
}
