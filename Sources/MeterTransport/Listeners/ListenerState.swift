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
        var answering = MeterListener.Answering.prompt
        var held: [(octets: [UInt8], channel: any Channel)] = []
        var connections: [ObjectIdentifier: any Channel] = [:]
    }

    private let content: Mutex<Content>

    init(_ options: MeterListener.Options) {
        content = Mutex(Content(answerDelay: options.answerDelay))
    }

    var counters: ListenerCounters { content.withLock { $0.counters } }

    /// How long an answer is delayed; nil when it is not to be sent, or kept for later.
    func delay(of octets: [UInt8], _ channel: any Channel) -> Duration? {
        content.withLock {
            switch $0.answering {
            case .prompt: return $0.answerDelay
            case .silent: return nil
            case .held:
                $0.held.append((octets, channel))
                return nil
            }
        }
    }

    func setAnswerDelay(_ delay: Duration) {
        content.withLock { $0.answerDelay = delay }
    }

    /// Changes whether answers are sent; returns what was held back and is to be sent now.
    func setAnswering(_ answering: MeterListener.Answering) -> [(octets: [UInt8], channel: any Channel)] {
        content.withLock { content in
            content.answering = answering
            guard answering != .held else { return [] }
            let held = content.held
            content.held = []
            return answering == .prompt ? held : []
        }
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

    /// The connections that are open.
    var openConnections: [any Channel] { content.withLock { Array($0.connections.values) } }

    func closeConnections() {
        let connections = content.withLock { Array($0.connections.values) }
        for connection in connections {
            connection.close(promise: nil)
        }
    }
}
