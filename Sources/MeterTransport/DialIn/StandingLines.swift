// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

internal import NIOCore
internal import Synchronization

/// The connections of meters that have dialled in, by the identities under which meters are configured.
///
/// A connection stands until one side closes it, whoever uses it in between. Identities are compared without regard to the
/// case of letters, addresses also without regard to the way they are written.
public final class StandingLines: Sendable {
    /// A caller for which no meter is configured.
    struct Stranger: Sendable {
        var caller: UnknownCaller
        /// Makes it the meter with this identity.
        var adopt: @Sendable (_ key: String) -> Void
        /// Closes it.
        var close: @Sendable () -> Void
    }

    private struct Waiter {
        var continuation: CheckedContinuation<Result<MeterLine, TransportError>, Never>
        var timer: Scheduled<Void>
    }

    /// What is known about one identity.
    private struct Place {
        var isExpected = false
        var line: MeterLine?
        var status = StandingStatus()
        var waiters: [UInt64: Waiter] = [:]

        var isEmpty: Bool { !isExpected && line == nil && waiters.isEmpty }
    }

    private struct Content {
        var places: [String: Place] = [:]
        var strangers: [ObjectIdentifier: Stranger] = [:]
        var counters = DialInCounters()
        var nextID: UInt64 = 0
    }

    private let content = Mutex(Content())
    /// The identities whose connection came or went, in the form that ``key(_:)`` gives, for one taker; look what is with
    /// them by ``status(of:)``.
    public let changes: AsyncStream<String>
    private let change: AsyncStream<String>.Continuation

    init() {
        (changes, change) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(100_000))
    }

    // MARK: What operators and meters' configurations say

    /// A meter is configured for this identity: its connection is kept as long as it stands.
    public func expect(_ identity: String) {
        let key = Self.key(identity)
        let stranger = content.withLock { content -> Stranger? in
            content.places[key, default: Place()].isExpected = true
            guard !content.strangers.isEmpty,
                let found = content.strangers.first(where: { Self.names($0.value).contains(key) })
            else { return nil }
            return content.strangers.removeValue(forKey: found.key)
        }
        stranger?.adopt(key)
    }

    /// No meter is configured for this identity any more: its connection is closed.
    public func forget(_ identity: String) {
        let key = Self.key(identity)
        let line = content.withLock { content in
            let line = content.places[key]?.line
            content.places[key]?.isExpected = false
            if content.places[key]?.isEmpty == true { content.places[key] = nil }
            return line
        }
        line?.end()
    }

    /// How things stand with an identity.
    public func status(of identity: String) -> StandingStatus {
        content.withLock { $0.places[Self.key(identity)]?.status } ?? StandingStatus()
    }

    /// The callers for which no meter is configured, those first that have waited longest.
    public var unknownCallers: [UnknownCaller] {
        content.withLock { $0.strangers.values.map(\.caller) }.sorted { $0.since < $1.since }
    }

    /// What became of callers so far.
    public var counters: DialInCounters {
        content.withLock { content in
            var counters = content.counters
            counters.unknown = content.strangers.count
            return counters
        }
    }

    // MARK: What comes in

    /// Counts a connection that was accepted; false when there are too many.
    func accepted(limit: Int) -> Bool {
        content.withLock { content in
            content.counters.accepted += 1
            let present = content.counters.connected + content.counters.identifying + content.strangers.count
            guard present < limit else {
                content.counters.refused[.tooMany, default: 0] += 1
                return false
            }
            content.counters.identifying += 1
            return true
        }
    }

    /// A caller was closed, or left, before it was identified.
    func refused(_ refusal: DialInCounters.Refusal) {
        content.withLock { content in
            content.counters.identifying -= 1
            content.counters.refused[refusal, default: 0] += 1
        }
    }

    /// The first of these names under which a meter is configured.
    func expected(of names: [String]) -> String? {
        content.withLock { content in
            names.lazy.map(Self.key).first { content.places[$0]?.isExpected == true }
        }
    }

    /// Keeps a caller that is none of the configured meters; returns the identity if it is one by now.
    func keep(_ stranger: Stranger, _ id: ObjectIdentifier, most: Int) -> String? {
        let (key, oldest) = content.withLock { content -> (String?, Stranger?) in
            if let key = Self.names(stranger).first(where: { content.places[$0]?.isExpected == true }) {
                return (key, nil)
            }
            content.counters.identifying -= 1
            content.strangers[id] = stranger
            guard content.strangers.count > most,
                let oldest = content.strangers.min(by: { $0.value.caller.since < $1.value.caller.since })
            else { return (nil, nil) }
            content.strangers[oldest.key] = nil
            content.counters.refused[.unknown, default: 0] += 1
            return (nil, oldest.value)
        }
        oldest?.close()
        return key
    }

    /// A caller left that was kept, or has been kept long enough; false if it is not kept any more.
    func drop(_ id: ObjectIdentifier) -> Bool {
        content.withLock { content in
            guard content.strangers.removeValue(forKey: id) != nil else { return false }
            content.counters.refused[.unknown, default: 0] += 1
            return true
        }
    }

    /// The connection of a meter stands; another one of the same meter is closed, whose other end is gone most likely.
    func stand(_ line: MeterLine, for key: String, wasStranger: Bool) {
        let (before, waiters) = content.withLock { content -> (MeterLine?, [Waiter]) in
            if !wasStranger { content.counters.identifying -= 1 }
            var place = content.places[key] ?? Place()
            let before = place.line
            let waiters = Array(place.waiters.values)
            place.waiters = [:]
            place.line = line
            place.status.since = .now
            place.status.lastSeen = nil
            content.places[key] = place
            if before == nil { content.counters.connected += 1 } else { content.counters.replaced += 1 }
            return (before, waiters)
        }
        before?.end()
        for waiter in waiters {
            waiter.timer.cancel()
            waiter.continuation.resume(returning: .success(line))
        }
        change.yield(key)
        line.onClose { [weak self] in self?.left(line, key) }
    }

    private func left(_ line: MeterLine, _ key: String) {
        content.withLock { content in
            guard content.places[key]?.line === line else { return }
            content.counters.connected -= 1
            content.places[key]?.line = nil
            content.places[key]?.status.since = nil
            content.places[key]?.status.lastSeen = .now
            if content.places[key]?.isEmpty == true { content.places[key] = nil }
        }
        change.yield(key)
    }

    // MARK: Who uses the lines

    /// The connection of a meter; waits for it to dial in if it has none.
    ///
    /// - Throws: `TransportError` with `.notDialledIn` or `.cancelled`.
    func line(
        of identity: String,
        within timeout: Duration,
        on loop: any EventLoop
    ) async throws(TransportError) -> MeterLine {
        expect(identity)
        let key = Self.key(identity)
        let id = content.withLock { content in
            content.nextID += 1
            return content.nextID
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let timer = loop.scheduleTask(in: TimeAmount(timeout)) { [weak self] in
                    self?.giveUp(id, key, nil) ?? ()
                }
                let present = content.withLock { content -> MeterLine? in
                    if let line = content.places[key]?.line, line.isOpen { return line }
                    content.places[key, default: Place()].waiters[id] = Waiter(
                        continuation: continuation,
                        timer: timer
                    )
                    return nil
                }
                if let present {
                    timer.cancel()
                    continuation.resume(returning: .success(present))
                } else if Task.isCancelled {
                    giveUp(id, key, TransportError(.cancelled))
                }
            }
        } onCancel: {
            giveUp(id, key, TransportError(.cancelled))
        }
        return try result.get()
    }

    /// Nobody waits any more; nil = because it took too long.
    private func giveUp(_ id: UInt64, _ key: String, _ error: TransportError?) {
        let (waiter, status) = content.withLock { content in
            (content.places[key]?.waiters.removeValue(forKey: id), content.places[key]?.status)
        }
        guard let waiter else { return }
        waiter.timer.cancel()
        let failure = error ?? TransportError(.notDialledIn(lastSeen: status?.lastSeen))
        waiter.continuation.resume(returning: .failure(failure))
    }

    /// The identities of all meters that are connected.
    public var connected: [String] {
        content.withLock { content in content.places.filter { $0.value.line != nil }.map(\.key) }
    }

    /// What identities are compared by.
    public static func key(_ identity: String) -> String {
        guard identity.contains(":"), let address = try? SocketAddress(ipAddress: identity, port: 0) else {
            return identity.lowercased()
        }
        return (address.ipAddress ?? identity).lowercased()
    }

    private static func names(_ stranger: Stranger) -> [String] {
        stranger.caller.names.map(key)
    }
}
