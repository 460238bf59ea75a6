// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import MeterTransport
import Synchronization

/// A meter of a scenario that connects to the gateway, and again whenever the connection has ended.
final class ScenarioCaller: Sendable {
    private struct Content {
        var earlier = ListenerCounters()
        var present: DiallingMeter?
    }

    private let endpoint: TCPEndpoint
    private let greeting: [UInt8]
    private let again: Duration
    private let meter: SimulatedMeter
    private let options: MeterListener.Options
    private let content = Mutex(Content())

    /// - Parameters:
    ///   - endpoint: where the gateway listens.
    ///   - greeting: what is said first; `{number}` in it is the number of the meter.
    ///   - again: how long after the end of a connection, or after an attempt that failed, the next one is made.
    init(
        to endpoint: TCPEndpoint,
        greeting: [UInt8],
        again: Duration,
        meter: SimulatedMeter,
        number: Int,
        options: MeterListener.Options
    ) {
        self.endpoint = endpoint
        let parts = String(decoding: greeting, as: UTF8.self).split(
            separator: "{number}",
            omittingEmptySubsequences: false
        )
        self.greeting = Array(parts.joined(separator: String(number)).utf8)
        self.again = again
        self.meter = meter
        self.options = options
    }

    /// What was served so far, in all connections.
    var counters: ListenerCounters {
        content.withLock { content in content.earlier + (content.present?.counters ?? ListenerCounters()) }
    }

    /// Connects again and again until the task is cancelled.
    func run(network: MeterNetwork, clock: some Clock<Duration> = ContinuousClock()) async {
        while !Task.isCancelled {
            if let connection = try? await DiallingMeter.dial(
                to: endpoint,
                greeting: greeting,
                objects: meter,
                options: options,
                network: network
            ) {
                content.withLock { $0.present = connection }
                await withTaskCancellationHandler {
                    await connection.ended()
                } onCancel: {
                    connection.hangUp()
                }
                content.withLock { content in
                    content.earlier = content.earlier + connection.counters
                    content.present = nil
                }
            }
            try? await clock.sleep(for: again)
        }
    }
}

extension ListenerCounters {
    /// What two served together.
    fileprivate static func + (one: ListenerCounters, other: ListenerCounters) -> ListenerCounters {
        var sum = one
        sum.accepted += other.accepted
        sum.open += other.open
        sum.served.merge(other.served, uniquingKeysWith: +)
        return sum
    }
}
