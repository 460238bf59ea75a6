// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Events with their time, the newest hundred.
struct EventLog: Hashable, Sendable {
    /// One event.
    struct Event: Hashable, Sendable {
        /// Seconds since 1970-01-01T00:00:00Z by the meter's clock.
        let time: Int64
        let code: UInt8
    }

    static let capacity = 100

    private(set) var events: [Event] = []

    mutating func append(_ code: UInt8, at time: Int64) {
        if events.count == Self.capacity { events.removeFirst() }
        events.append(Event(time: time, code: code))
    }

    mutating func removeAll() { events.removeAll() }
}

/// Codes of the standard and the disconnector event log, as many European meters use them.
enum EventCode {
    static let powerDown: UInt8 = 1
    static let powerUp: UInt8 = 2
    static let clockBeforeAdjustment: UInt8 = 4
    static let clockAfterAdjustment: UInt8 = 5
    static let logCleared: UInt8 = 255
    static let manualConnection: UInt8 = 61
    static let remoteDisconnection: UInt8 = 62
    static let remoteConnection: UInt8 = 63
    static let manualDisconnection: UInt8 = 60
}
