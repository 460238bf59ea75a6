// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What a ``ClientMachine`` wants done by whoever drives it, in this order.
public enum ClientAction: Hashable, Sendable {
    /// Send these octets to the meter.
    case send([UInt8])
    /// Change the format of a serial line as soon as everything sent before has left; other media ignore it.
    case setLine(LineFormat)
    /// Call ``ClientMachine/deadlineReached(now:)`` at this instant; replaces the deadline before, nil = none.
    case deadline(ContinuousClock.Instant?)
    /// Reserve at least this many invocation counters that were never used and never will be again, then call
    /// ``ClientMachine/countersReserved(_:now:)`` or ``ClientMachine/countersRefused(_:now:)``.
    case reserveCounters(minimum: Int)
    /// The association is open; requests may be made.
    case associated(AssociationInfo)
    /// There will be no association; a close follows.
    case associationFailed(EngineError)
    /// A part of a streamed value.
    case delivered([UInt8])
    /// The request is done.
    case completed(ServiceResponse)
    /// What is known of several writes or invocations of a request that fails with the next action.
    case partlyDone(PartialOutcome)
    /// The request failed; a close follows if the error ends the connection.
    case failed(EngineError)
    /// A message that answers nothing came, such as a notification; what had to be confirmed is confirmed.
    case unsolicited(UnsolicitedMessage)
    /// The association ended as was asked for; a close follows.
    case released
    /// Close the connection, or keep the line for the next meter: nothing of this one is on its way any more that was
    /// waited for.
    case close
}
