// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
import Synchronization

/// Lets one write at a time at each object of a meter, or one correction of its clock.
///
/// Nobody else writes between the look before and the look after. Procedures of keys, passwords and firmware are jobs of
/// their own, and take no turns.
///
/// Turns are given in the order in which they are asked for. A meter is written to by one gateway at a time, that which has
/// its line, so that turns are kept in memory.
final class WriteTurns: Sendable {
    private struct Place: Hashable {
        let meter: MeterID
        let object: OBISCode
    }

    private struct Waiter {
        let number: UInt64
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        /// Who waits behind whom for the places that are taken.
        var queues: [Place: [Waiter]] = [:]
        var lastNumber: UInt64 = 0
    }

    private let state = Mutex(State())

    /// How many wait for their turn.
    var waiting: Int { state.withLock { $0.queues.values.reduce(0) { $0 + $1.count } } }

    /// Waits for the turn at an object, which ``give(_:for:)`` ends.
    ///
    /// - Throws: ``Fleet/GatewayError/lineBusy(_:channel:)`` when it has not come before the errand's time is over.
    func take(_ object: OBISCode, for errand: MeterErrand) async throws(GatewayError) {
        let place = Place(meter: errand.memory.id, object: object)
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let deadline = errand.budget.deadline
        let alarm = Task {
            try await Task.sleep(until: deadline, clock: .continuous)
            leave(place, number)
        }
        defer { alarm.cancel() }
        let isTaken = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isTaken: Bool? = state.withLock { state in
                    guard state.queues[place] != nil else {
                        state.queues[place] = []
                        return true
                    }
                    // Whoever has left before it stands in the queue is not found there.
                    guard !Task.isCancelled, ContinuousClock.now < deadline else { return false }
                    state.queues[place]?.append(Waiter(number: number, continuation: continuation))
                    return nil
                }
                if let isTaken { continuation.resume(returning: isTaken) }
            }
        } onCancel: {
            leave(place, number)
        }
        guard isTaken else { throw .lineBusy(errand.memory.id, channel: errand.memory.route.channel.text) }
    }

    /// Ends the turn at an object.
    func give(_ object: OBISCode, for errand: MeterErrand) {
        let place = Place(meter: errand.memory.id, object: object)
        let next: Waiter? = state.withLock { state in
            guard var queue = state.queues[place], !queue.isEmpty else {
                state.queues[place] = nil
                return nil
            }
            let next = queue.removeFirst()
            state.queues[place] = queue
            return next
        }
        next?.continuation.resume(returning: true)
    }

    private func leave(_ place: Place, _ number: UInt64) {
        let waiter: Waiter? = state.withLock { state in
            guard let index = state.queues[place]?.firstIndex(where: { $0.number == number }) else { return nil }
            return state.queues[place]?.remove(at: index)
        }
        waiter?.continuation.resume(returning: false)
    }
}
