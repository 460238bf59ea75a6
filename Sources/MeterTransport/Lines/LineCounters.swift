// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

internal import Synchronization

/// What went over one line so far, whoever used it.
public struct LineCounters: Hashable, Sendable {
    /// Octets sent, framing included.
    public var octetsSent = 0
    /// Octets received, framing included.
    public var octetsReceived = 0
    /// Octets received that nobody waited for; a part of those received.
    public var octetsDropped = 0

    /// All counters at zero.
    public init() {}
}

/// Counters of a line that its event loop writes and anybody reads.
final class LineTally: Sendable {
    private let octetsSent = Atomic(0)
    private let octetsReceived = Atomic(0)
    private let octetsDropped = Atomic(0)
    private let isEndingFlag = Atomic(false)

    /// The line is about to be closed, which takes a while where a modem has to hang up first.
    func end() {
        isEndingFlag.store(true, ordering: .relaxed)
    }

    var isEnding: Bool { isEndingFlag.load(ordering: .relaxed) }

    func sent(octets: Int) {
        octetsSent.add(octets, ordering: .relaxed)
    }

    func received(octets: Int) {
        octetsReceived.add(octets, ordering: .relaxed)
    }

    func dropped(octets: Int) {
        octetsDropped.add(octets, ordering: .relaxed)
    }

    var snapshot: LineCounters {
        var counters = LineCounters()
        counters.octetsSent = octetsSent.load(ordering: .relaxed)
        counters.octetsReceived = octetsReceived.load(ordering: .relaxed)
        counters.octetsDropped = octetsDropped.load(ordering: .relaxed)
        return counters
    }
}
