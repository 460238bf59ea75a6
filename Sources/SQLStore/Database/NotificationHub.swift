// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

internal import Synchronization

/// What one who listens for messages is told.
public enum SQLNotification: Hashable, Sendable {
    /// Messages may have been missed, or this is the beginning: look at the database itself.
    case lookAgain
    /// A transaction has sent this.
    case message(String)
}

/// Hands messages to those in this process who listen, by channel; what drivers share.
package final class NotificationHub: Sendable {
    private struct Listener {
        let continuation: AsyncStream<SQLNotification>.Continuation
        /// Whether it was told that from then on nothing is missed.
        var isAssured: Bool
    }

    private struct Listeners {
        var next = 0
        var byChannel: [String: [Int: Listener]] = [:]
        var isFinished = false
    }

    /// How many elements wait for one listener; one who is slower is told to look again.
    private static let mostWaiting = 1024

    private let listeners = Mutex(Listeners())

    /// Makes a hub that nobody listens to.
    package init() {}

    /// The channels that somebody listens on.
    package var channels: Set<String> { listeners.withLock { Set($0.byChannel.keys) } }

    /// A new listener's stream.
    ///
    /// - Parameters:
    ///   - isCertain: whether nothing can be missed from now on, so that the listener may look at once.
    ///   - changed: is told after each change of the channels listened on.
    package func listen(
        on channel: String,
        isCertain: Bool,
        changed: @escaping @Sendable () -> Void = {}
    ) -> AsyncStream<SQLNotification> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: SQLNotification.self,
            bufferingPolicy: .bufferingNewest(Self.mostWaiting)
        )
        let number = listeners.withLock { listeners -> Int? in
            guard !listeners.isFinished else { return nil }
            listeners.next += 1
            listeners.byChannel[channel, default: [:]][listeners.next] = Listener(
                continuation: continuation,
                isAssured: isCertain
            )
            return listeners.next
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.forget(number, on: channel)
            changed()
        }
        if isCertain { continuation.yield(.lookAgain) }
        changed()
        return stream
    }

    /// Tells those who listen on a channel.
    package func post(_ notification: SQLNotification, on channel: String) {
        let told = listeners.withLock { $0.byChannel[channel]?.values.map(\.continuation) ?? [] }
        for continuation in told {
            // The oldest gave way; the newest says that something is missing.
            if case .dropped = continuation.yield(notification) { continuation.yield(.lookAgain) }
        }
    }

    /// Takes note that messages may have been missed on every channel, until it is assured again.
    package func doubt() {
        listeners.withLock { listeners in
            for (channel, present) in listeners.byChannel {
                for number in present.keys { listeners.byChannel[channel]?[number]?.isAssured = false }
            }
        }
    }

    /// Tells those who listen on these channels and were not told yet that from now on nothing is missed.
    package func assure(_ channels: Set<String>) {
        let told = listeners.withLock { listeners in
            var told: [AsyncStream<SQLNotification>.Continuation] = []
            for channel in channels {
                for (number, listener) in listeners.byChannel[channel] ?? [:] where !listener.isAssured {
                    listeners.byChannel[channel]?[number]?.isAssured = true
                    told.append(listener.continuation)
                }
            }
            return told
        }
        for continuation in told { continuation.yield(.lookAgain) }
    }

    /// Ends all streams, and those that are asked for later.
    package func finish() {
        let ended = listeners.withLock { listeners in
            listeners.isFinished = true
            defer { listeners.byChannel = [:] }
            return listeners.byChannel.values.flatMap { $0.values.map(\.continuation) }
        }
        for continuation in ended { continuation.finish() }
    }

    private func forget(_ number: Int, on channel: String) {
        listeners.withLock { listeners in
            listeners.byChannel[channel]?[number] = nil
            if listeners.byChannel[channel]?.isEmpty == true { listeners.byChannel[channel] = nil }
        }
    }
}
