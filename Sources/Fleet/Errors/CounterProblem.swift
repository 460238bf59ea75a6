// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// In which way the invocation counters of gateway and meter do not fit each other.
public enum CounterProblem: Hashable, Sendable {
    /// The meter does not take our counter; nil = it did not tell which it would take.
    case refused(association: String, expected: UInt64?)
    /// The meter's own counter was not above the one before.
    case replayed(received: UInt32, lastSeen: UInt32)
    /// The meter is further ahead than it may take us without a person's word.
    case tooFarAhead(association: String, next: UInt64, expected: UInt64, allowed: UInt64)
    /// The meter took us ahead as often as it may in a day without a person's word.
    case tooOftenAhead(association: String, perDay: Int)
    /// The object that tells the meter's view could not be read.
    case objectUnreadable(object: String, client: UInt16, reason: String)
    /// All counters of the key are used up.
    case exhausted

    /// Who has to change something.
    var party: Party {
        switch self {
        case .refused, .replayed: .meter
        case .tooFarAhead, .tooOftenAhead, .objectUnreadable, .exhausted: .gateway
        }
    }

    func detail(_ meter: MeterID) -> String {
        switch self {
        case .refused(let association, let expected?):
            "Meter \(meter) does not take the invocation counter of association \(association); it expects \(expected)."
        case .refused(let association, nil):
            "Meter \(meter) does not take the invocation counter of association \(association)."
        case .replayed(let received, let lastSeen):
            "Meter \(meter) used invocation counter \(received) after \(lastSeen); somebody may repeat an old message."
        case .tooFarAhead(let association, let next, let expected, let allowed):
            "Meter \(meter) says that it expects invocation counter \(expected) in association \(association), where "
                + "\(next) is next; on its word alone the gateway skips \(allowed) at the most."
        case .tooOftenAhead(let association, let perDay):
            "Meter \(meter) was ahead of the invocation counter of association \(association) "
                + "\(perDay) times within a day; the gateway follows no more on its word alone."
        case .objectUnreadable(let object, let client, let reason):
            "The invocation counter object \(object) of meter \(meter) cannot be read by client \(client): "
                + "\(reason.hasSuffix(".") ? String(reason.dropLast()) : reason)."
        case .exhausted: "All invocation counters of the key for meter \(meter) are used up."
        }
    }

    func hint(_ meter: MeterID) -> String {
        switch self {
        case .refused: "Set invocationCounterObject, so that the meter's counter is read first."
        case .replayed:
            "If the meter's counter begins again after a power failure, set the quirk meterCounterRestarts to true."
        case .tooFarAhead(let association, _, let expected, _):
            "If you know that the meter is right, send POST /meters/\(meter)/counters/raise with "
                + "{\"association\":\"\(association)\",\"above\":\(expected - 1),\"reason\":\"...\"}."
        case .tooOftenAhead(let association, _):
            "Find out who else uses the key; then send POST /meters/\(meter)/counters/raise for \(association)."
        case .objectUnreadable:
            "Check invocationCounterObject, the quirk counterClient, and whether that client may read without security."
        case .exhausted: "Change the key of the association; a new key begins with new counters."
        }
    }
}
