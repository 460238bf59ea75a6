// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import MeterTransport

/// What is known about one channel while there is anything to do on it or an association open.
///
/// Belongs to the actor that made it and never leaves it.
final class ChannelState {
    /// An open association.
    struct Session {
        var id: UInt64
        var meter: String
        var association: String
        var revision: Int
        var keepAlive: Duration
        var connection: MeterConnection
        /// Whether the line may be left to another meter or association.
        var keepsLine: Bool
        var info: AssociationInfo
        /// Since when it is open.
        var since: ContinuousClock.Instant
        /// Whether the answer to a request that nobody waited for may still come.
        var mustSettle = false

        /// Whether a piece of work can be done in it.
        func serves(_ work: PendingWork) -> Bool {
            meter == work.route.meter && association == work.request.association && revision == work.route.revision
                && connection.isOpen
        }
    }

    let key: ChannelKey
    var waiting = PriorityLanes<PendingWork>()
    var running: PendingWork?
    /// Reads that others may join.
    var joinable: [PendingWork.Key: PendingWork] = [:]
    /// The line that was left open, or over which the association is open.
    var line: MeterLine?
    var session: Session?
    /// When the open association is released unless something is to be done.
    var idleUntil: ContinuousClock.Instant?
    /// Whether the association is to be released when nothing waits.
    var isToBeReleased = false
    /// Does the work one piece after the other; nil while there is nothing to do.
    var runner: Task<Void, Never>?
    /// When the channel is woken.
    var alarm: ContinuousClock.Instant?

    /// The part of all lines that it belongs to, as the latest request told; see ``MeterRoute/share``.
    var share: Int?
    /// The group whose limits count, as the latest request brought it.
    var group: ChannelGroupPlan?
    /// The group in which it counts as active.
    var activeIn: String?
    /// How much work was done since it has been active.
    var served = 0
    /// The limit on new connections that it waits for.
    var gate: ConnectionGate.Name?
    /// The limits that it has passed for its next connection.
    var passed: [ConnectionGate.Name] = []

    init(_ key: ChannelKey) {
        self.key = key
    }

    /// The open line, if a piece of work can be done over it.
    func line(for work: PendingWork) -> MeterLine? {
        guard let line, line.isOpen, line.medium == work.route.medium else { return nil }
        return line
    }

    /// The work in progress and all that waits.
    var works: [PendingWork] { (running.map { [$0] } ?? []) + waiting.elements }

    /// When something has to happen next.
    var nextInstant: ContinuousClock.Instant? {
        let deadlines = works.lazy.flatMap(\.waiters).map(\.deadline)
        let soonest = deadlines.min()
        guard let idleUntil, runner == nil else { return soonest }
        return soonest.map { min($0, idleUntil) } ?? idleUntil
    }
}
