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
        var held: [(octets: [UInt8], meter: NIOLoopBound<ServedMeter>)] = []
        var connections: [ObjectIdentifier: NIOLoopBound<ServedMeter>] = [:]
    }

    private let content: Mutex<Content>

    init(_ options: MeterListener.Options) {
        content = Mutex(Content(answerDelay: options.answerDelay))
    }

    var counters: ListenerCounters { content.withLock { $0.counters } }

    /// How long an answer is delayed; nil when it is not to be sent, or kept for later.
    func delay(of octets: [UInt8], _ meter: NIOLoopBound<ServedMeter>) -> Duration? {
        content.withLock {
            switch $0.answering {
            case .prompt: return $0.answerDelay
            case .silent: return nil
            case .held:
                $0.held.append((octets, meter))
                return nil
            }
        }
    }

    func setAnswerDelay(_ delay: Duration) {
        content.withLock { $0.answerDelay = delay }
    }

    /// Changes whether answers are sent; returns what was held back and is to be sent now.
    func setAnswering(_ answering: MeterListener.Answering) -> [(octets: [UInt8], meter: NIOLoopBound<ServedMeter>)] {
        content.withLock { content in
            content.answering = answering
            guard answering != .held else { return [] }
            let held = content.held
            content.held = []
            return answering == .prompt ? held : []
        }
    }

    /// Takes what was held back; what comes is held back as before.
    func takeHeld() -> [(octets: [UInt8], meter: NIOLoopBound<ServedMeter>)] {
        content.withLock { content in
            defer { content.held = [] }
            return content.held
        }
    }

    /// Takes note of a connection; on the event loop of the meter.
    func opened(_ meter: NIOLoopBound<ServedMeter>) {
        let id = ObjectIdentifier(meter.value)
        content.withLock {
            $0.counters.accepted += 1
            $0.counters.open += 1
            $0.connections[id] = meter
        }
    }

    /// Forgets a connection; on the event loop of the meter.
    func closed(_ meter: ServedMeter) {
        let id = ObjectIdentifier(meter)
        content.withLock {
            guard $0.connections.removeValue(forKey: id) != nil else { return }
            $0.counters.open -= 1
        }
    }

    func served(_ kind: ServedRequest) {
        content.withLock { $0.counters.served[kind, default: 0] += 1 }
    }

    /// The connections that are open.
    var openConnections: [NIOLoopBound<ServedMeter>] { content.withLock { Array($0.connections.values) } }
}
