// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GatewayCore
import HTTPKit
import Synchronization
import Timekeeping

/// The answer with a reading from memory, as long as another look would find the same: only its age changes.
final class StandingReading: StandingAnswer {
    private let read: StandingRead
    private let aging: AgingFields
    private let body: HTTPResponse.Body
    private let clock: any WallClock
    /// The answer for the latest age that was asked for.
    private let latest: Mutex<Latest>

    private struct Latest {
        var age: Int64
        var answer: HTTPResponse
    }

    init(_ read: StandingRead, _ aging: AgingFields, body: HTTPResponse.Body, clock: any WallClock) {
        let now = clock.now()
        latest = Mutex(Latest(age: aging.age(at: now), answer: Self.answer(aging, body, at: now)))
        self.read = read
        self.aging = aging
        self.body = body
        self.clock = clock
    }

    func repeated(at instant: ContinuousClock.Instant) -> HTTPResponse? {
        let now = clock.now()
        guard read.isRepeated(at: now, instant) else { return nil }
        let age = aging.age(at: now)
        return latest.withLock { latest in
            if latest.age != age { latest = Latest(age: age, answer: Self.answer(aging, body, at: now)) }
            return latest.answer
        }
    }

    private static func answer(_ aging: AgingFields, _ body: HTTPResponse.Body, at now: Timestamp) -> HTTPResponse {
        var headers = aging.fields(at: now)
        headers.add("Content-Type", "application/json")
        return HTTPResponse(status: 200, headers: headers, body: body)
    }
}

/// The header fields of a reading, of which two change as it ages (RFC 9111 §5.1 and §5.2.2).
struct AgingFields: Sendable {
    /// When the value was read.
    let readAt: Timestamp
    /// How long values hold.
    let usualAge: Duration
    /// The fields that stay.
    let others: [HTTPHeaders.Field]

    /// How old the value is in whole seconds.
    func age(at now: Timestamp) -> Int64 {
        max(0, (now - readAt).wholeMicroseconds / 1_000_000)
    }

    /// All fields.
    func fields(at now: Timestamp) -> HTTPHeaders {
        let age = age(at: now)
        let left = max(0, usualAge.components.seconds - age)
        var headers = HTTPHeaders()
        // Those that are added on the way out find their room.
        headers.reserveCapacity(8)
        for field in others { headers.add(field.name, field.value) }
        headers.add("Age", "\(age)")
        headers.add("Cache-Control", "private, max-age=\(left)")
        return headers
    }
}
