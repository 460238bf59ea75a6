// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine
public import MeterTransport

/// Keeps invocation counters for protected associations: hands them out, and follows meters that are ahead.
public protocol CounterCustody: Sendable {
    /// Counters for an association that is about to be opened.
    func counters(for plan: CounterPlan) async throws(CounterFault) -> CounterOffer

    /// Follows what a meter says about the counters it has seen, within limits, because nothing proves it.
    ///
    /// - Returns: false when our counters were above it all the same, and nothing changes.
    func follow(_ hint: CounterHint, for plan: CounterPlan) async throws(CounterFault) -> Bool

    /// Whether the counter object may be read because the meter refused us without a reason, or said nothing.
    ///
    /// Asking counts: a meter that is simply off is not called twice each time.
    func mayInquire(for plan: CounterPlan) async -> Bool

    /// The meter answered in an association: what it proved about itself is in the description of the association.
    func answered(_ info: AssociationInfo, for plan: CounterPlan)
}

/// What there is for an association that is about to be opened.
public enum CounterOffer: Sendable {
    /// Counters, and the last one that the meter is known to have used itself.
    case ready(any InvocationCounterSource, lastServerCounter: ServerCounter?)
    /// The key was never used here: the meter's counter object has to be read first.
    case unknown
}

/// A counter that a meter has used itself.
public struct ServerCounter: Hashable, Sendable {
    /// The counter.
    public var value: UInt32
    /// The system title under which the meter used it.
    public var systemTitle: [UInt8]

    /// Pairs a counter with the title.
    public init(value: UInt32, systemTitle: [UInt8]) {
        self.value = value
        self.systemTitle = systemTitle
    }
}

/// What a meter said about the counters it has seen.
public enum CounterHint: Hashable, Sendable {
    /// The value of its counter object, read before the key was used here for the first time.
    case firstUse(UInt32)
    /// The value of its counter object, read after it had refused us.
    case counterObject(UInt32)
    /// The lowest value it takes, in an exception-response.
    case expected(UInt32)
}

/// Why there are no counters for an association, or why a meter is not followed.
public enum CounterFault: Error, Hashable, Sendable {
    /// All counters of the key are used up: the key has to be changed.
    case exhausted
    /// They could not be stored: us.
    case notStored(reason: String)
    /// The meter is further ahead than it may take us at once; `from` is our next counter, `to` the one it takes.
    case jumpTooLong(from: UInt64, to: UInt64, allowed: UInt64)
    /// The meter took us ahead as often as it may in a day.
    case jumpsTooFrequent(perDay: Int)
    /// The meter took us ahead as far as it may altogether; `from` is our next counter, `to` the one it takes.
    case jumpsTooLongTogether(from: UInt64, to: UInt64, allowed: UInt64)
    /// The counter object could not be read although it is needed.
    case objectUnreadable(object: String, client: UInt16, reason: ObjectFault)

    /// Why the counter object could not be read.
    public enum ObjectFault: Hashable, Sendable {
        /// The meter did not let the client without security in, or did not answer it.
        case transport(TransportError)
        /// The meter refused the object, with the name of the result.
        case refused(String)
        /// The value is no counter.
        case noCounter
    }
}
