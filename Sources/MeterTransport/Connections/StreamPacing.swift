// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

internal import Synchronization

/// Lets the taker of a streamed value slow its sender down.
///
/// Who passes parts on to the taker counts them by ``queued(_:)``, the taker by ``taken(_:)``. When too many octets wait,
/// the connection stops reading, and TCP stops the meter; when half of them were taken it reads on. The time that
/// a connection stands still does not count as silence of the meter.
public final class StreamPacing: Sendable {
    private struct Content {
        var waiting = 0
        var isPaused = false
        var onChange: (@Sendable () -> Void)?
    }

    private let limit: Int
    private let content = Mutex(Content())

    /// - Parameter limit: how many octets may wait for the taker before the connection stops reading.
    public init(limit: Int = 256 << 10) {
        self.limit = limit
    }

    /// So many octets wait for the taker now in addition.
    public func queued(_ octets: Int) {
        change { content in
            content.waiting += octets
            if content.waiting > limit { content.isPaused = true }
        }
    }

    /// The taker has done with so many octets.
    public func taken(_ octets: Int) {
        change { content in
            content.waiting -= octets
            if content.waiting <= limit / 2 { content.isPaused = false }
        }
    }

    /// Whether too much waits.
    public var isPaused: Bool { content.withLock { $0.isPaused } }

    /// Calls back after each change from now on, perhaps not in their order; nil ends that.
    func observe(_ onChange: (@Sendable () -> Void)?) {
        content.withLock { $0.onChange = onChange }
    }

    private func change(_ body: (inout Content) -> Void) {
        let news = content.withLock { content -> (@Sendable () -> Void)? in
            let before = content.isPaused
            body(&content)
            return content.isPaused == before ? nil : content.onChange
        }
        news?()
    }
}
