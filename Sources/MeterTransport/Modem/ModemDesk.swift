// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization

/// Sees to it that each modem has one call at a time; who wants another waits until the first has been hung up.
final class ModemDesk: Sendable {
    private struct Waiter {
        var id: UInt64
        var continuation: CheckedContinuation<Bool, Never>
    }

    private struct Content {
        /// The modems in use, and who waits for them.
        var waiting: [MeterMedium: [Waiter]] = [:]
        var nextID: UInt64 = 0
    }

    private let content = Mutex(Content())

    /// Takes a modem, as soon as nobody else has it.
    ///
    /// - Throws: `TransportError` with `.cancelled`.
    func take(_ modem: MeterMedium) async throws(TransportError) {
        let id = content.withLock { content in
            content.nextID += 1
            return content.nextID
        }
        let isTaken = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isFree = content.withLock { content in
                    guard content.waiting[modem] != nil else {
                        content.waiting[modem] = []
                        return true
                    }
                    content.waiting[modem]?.append(Waiter(id: id, continuation: continuation))
                    return false
                }
                if isFree {
                    continuation.resume(returning: true)
                } else if Task.isCancelled {
                    leave(id, modem)
                }
            }
        } onCancel: {
            leave(id, modem)
        }
        guard isTaken else { throw TransportError(.cancelled) }
    }

    /// Gives a modem back.
    func giveBack(_ modem: MeterMedium) {
        let next = content.withLock { content -> Waiter? in
            guard content.waiting[modem]?.isEmpty == false else {
                content.waiting[modem] = nil
                return nil
            }
            return content.waiting[modem]?.removeFirst()
        }
        next?.continuation.resume(returning: true)
    }

    private func leave(_ id: UInt64, _ modem: MeterMedium) {
        let waiter = content.withLock { content -> Waiter? in
            guard let index = content.waiting[modem]?.firstIndex(where: { $0.id == id }) else { return nil }
            return content.waiting[modem]?.remove(at: index)
        }
        waiter?.continuation.resume(returning: false)
    }
}
