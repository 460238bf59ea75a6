// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import MeterTransport
internal import Synchronization

/// Something that happened on the line to a meter while it was watched.
///
/// Octets are as they were on the line: passwords of low-level security stand in them in clear. Who shows them to people
/// has to mask those.
public struct TraceEvent: Hashable, Sendable {
    /// The identifier of the meter.
    public var meter: String
    /// The name of the association that is open, or being opened.
    public var association: String
    /// What the line runs over.
    public var medium: String
    /// When it happened.
    public var instant: ContinuousClock.Instant
    /// What happened.
    public var event: LineEvent
    /// How many events before this one were lost, because nobody took them in time.
    public var lost: Int
}

/// Passes what happens on lines on to those who watch meters; a line that nobody watches has no tap.
final class TraceHub: Sendable {
    /// More events than this are not kept for who takes them too slowly.
    private static let mostEvents = 4096

    private struct Watcher {
        let continuation: AsyncStream<TraceEvent>.Continuation
        var lost = 0
    }

    private let watchers = Mutex<[String: [UInt64: Watcher]]>([:])

    /// Begins to watch a meter.
    func watch(_ meter: String, _ id: UInt64, onEnd: @escaping @Sendable () -> Void) -> AsyncStream<TraceEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: TraceEvent.self,
            bufferingPolicy: .bufferingOldest(Self.mostEvents)
        )
        watchers.withLock { $0[meter, default: [:]][id] = Watcher(continuation: continuation) }
        continuation.onTermination = { [weak self] _ in
            // Called with the lock of the task that was cancelled; who tells of an event has ours and waits for that one.
            Task {
                self?.end(meter, id)
                onEnd()
            }
        }
        return stream
    }

    /// Ends all watching.
    func endAll() {
        let all = watchers.withLock { watchers in
            defer { watchers = [:] }
            return watchers.values.flatMap { $0.values.map(\.continuation) }
        }
        for continuation in all { continuation.finish() }
    }

    /// What watches a line while a meter has it; nil when nobody watches the meter.
    func tap(of meter: String, in association: String, over medium: MeterMedium) -> (any LineTap)? {
        guard isWatched(meter) else { return nil }
        return TraceTap(hub: self, meter: meter, association: association, medium: medium.description)
    }

    /// Whether anybody watches a meter.
    func isWatched(_ meter: String) -> Bool {
        watchers.withLock { $0[meter] != nil }
    }

    fileprivate func pass(_ event: TraceEvent) {
        watchers.withLock { watchers in
            guard var all = watchers[event.meter] else { return }
            for (id, var watcher) in all {
                var event = event
                event.lost = watcher.lost
                if case .dropped = watcher.continuation.yield(event) { watcher.lost += 1 } else { watcher.lost = 0 }
                all[id] = watcher
            }
            watchers[event.meter] = all
        }
    }

    private func end(_ meter: String, _ id: UInt64) {
        watchers.withLock { watchers in
            watchers[meter]?[id] = nil
            if watchers[meter]?.isEmpty == true { watchers[meter] = nil }
        }
    }
}

/// Watches one line for the time that a meter has it.
private struct TraceTap: LineTap {
    let hub: TraceHub
    let meter: String
    let association: String
    let medium: String

    func note(_ event: LineEvent, at instant: ContinuousClock.Instant) {
        hub.pass(
            TraceEvent(
                meter: meter,
                association: association,
                medium: medium,
                instant: instant,
                event: event,
                lost: 0
            )
        )
    }
}
