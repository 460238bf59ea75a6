// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

internal import DLMSEngine
internal import Synchronization

/// What went over one connection so far.
public struct ConnectionCounters: Hashable, Sendable {
    /// Octets sent, framing included.
    public var octetsSent = 0
    /// Octets received, framing included.
    public var octetsReceived = 0
    /// Requests sent, each block and each association request counting as one.
    public var requestsSent = 0

    /// Makes counters, at zero unless told otherwise.
    public init(octetsSent: Int = 0, octetsReceived: Int = 0, requestsSent: Int = 0) {
        self.octetsSent = octetsSent
        self.octetsReceived = octetsReceived
        self.requestsSent = requestsSent
    }
}

/// Counters, and what was learned, that the event loop writes and anybody reads.
final class ConnectionTally: Sendable {
    private let octetsSent = Atomic(0)
    private let octetsReceived = Atomic(0)
    private let requestsSent = Atomic(0)
    private let hasEndedFlag = Atomic(false)
    private let learned = Mutex<LearnedBehaviour?>(nil)

    func sent(octets: Int) {
        octetsSent.add(octets, ordering: .relaxed)
        requestsSent.add(1, ordering: .relaxed)
    }

    func received(octets: Int) {
        octetsReceived.add(octets, ordering: .relaxed)
    }

    /// The connection has ended, whatever becomes of its line.
    func ended() {
        hasEndedFlag.store(true, ordering: .relaxed)
    }

    var hasEnded: Bool { hasEndedFlag.load(ordering: .relaxed) }

    func learned(_ behaviour: LearnedBehaviour) {
        learned.withLock { $0 = behaviour }
    }

    var lastLearned: LearnedBehaviour? { learned.withLock { $0 } }

    var snapshot: ConnectionCounters {
        ConnectionCounters(
            octetsSent: octetsSent.load(ordering: .relaxed),
            octetsReceived: octetsReceived.load(ordering: .relaxed),
            requestsSent: requestsSent.load(ordering: .relaxed)
        )
    }
}
