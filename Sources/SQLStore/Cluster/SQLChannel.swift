// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The channels on which gateways over one database tell each other of changes.
public enum SQLChannel {
    /// A gateway came or went, or gave shares back: its name; empty when an operator wants something of a channel.
    public static let nodes = "nodes"
    /// A meter was changed or removed: its identifier; empty when a shared channel or group was.
    public static let configuration = "configuration"
    /// A job was made, steered or finished; its identifier.
    public static let jobs = "jobs"
    /// Events that are for all were kept: their identifiers, with spaces between them.
    public static let events = "events"
}

extension SQLDatabase {
    /// What other gateways, and this one, tell on a channel, from now on.
    ///
    /// - Parameter meaning: what a message stands for; nil = some may have been missed.
    func messages<Message: Sendable>(
        on channel: String,
        _ meaning: @escaping @Sendable (String?) -> Message
    ) -> AsyncStream<Message> {
        let notifications = notifications(on: channel)
        let (stream, continuation) = AsyncStream.makeStream(of: Message.self, bufferingPolicy: .bufferingNewest(1024))
        let reading = Task {
            for await notification in notifications {
                let text: String? = if case .message(let text) = notification { text } else { nil }
                // The oldest gave way; the newest says that something is missing.
                if case .dropped = continuation.yield(meaning(text)) { continuation.yield(meaning(nil)) }
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in reading.cancel() }
        return stream
    }
}
