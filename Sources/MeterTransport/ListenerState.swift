// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import NIOCore
import Synchronization

/// What the connections of one listener share: behaviour that may change, and counters.
///
/// The event loop writes, anybody reads.
final class ListenerState: Sendable {
    private struct Content {
        var counters = ListenerCounters()
        var answerDelay: Duration
        var isSilent = false
        var connections: [ObjectIdentifier: any Channel] = [:]
    }

    private let content: Mutex<Content>

    init(_ options: MeterListener.Options) {
        content = Mutex(Content(answerDelay: options.answerDelay))
    }

    var counters: ListenerCounters { content.withLock { $0.counters } }

    /// How long an answer is held back; nil = for ever.
    var answerDelay: Duration? { content.withLock { $0.isSilent ? nil : $0.answerDelay } }

    func setAnswerDelay(_ delay: Duration) {
        content.withLock { $0.answerDelay = delay }
    }

    func setSilent(_ isSilent: Bool) {
        content.withLock { $0.isSilent = isSilent }
    }

    func opened(_ channel: any Channel) {
        content.withLock {
            $0.counters.accepted += 1
            $0.counters.open += 1
            $0.connections[ObjectIdentifier(channel)] = channel
        }
    }

    func closed(_ channel: any Channel) {
        content.withLock {
            $0.counters.open -= 1
            $0.connections[ObjectIdentifier(channel)] = nil
        }
    }

    func served(_ kind: ServedRequest) {
        content.withLock { $0.counters.served[kind, default: 0] += 1 }
    }

    func closeConnections() {
        let connections = content.withLock { Array($0.connections.values) }
        for connection in connections {
            connection.close(promise: nil)
        }
    }
}
