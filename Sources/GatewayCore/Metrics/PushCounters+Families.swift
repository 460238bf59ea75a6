// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import MeterTransport

extension PushCounters {
    /// What `/metrics` tells of what meters push.
    func write(into text: inout MetricsText) {
        let families: [(name: String, help: String, kind: MetricFamily.Kind, value: UInt64)] = [
            ("cosem_gateway_push_messages_total", "Messages that meters pushed.", .counter, messages),
            ("cosem_gateway_push_octets_total", "Octets that came with them, framing included.", .counter, octets),
            (
                "cosem_gateway_push_dropped_total", "Datagrams dropped because their sender sent too much.", .counter,
                dropped
            ),
            (
                "cosem_gateway_push_connections_refused_total", "Connections closed because there were too many.",
                .counter, refusedConnections
            ),
            ("cosem_gateway_push_connections", "Connections of senders.", .gauge, UInt64(max(connections, 0))),
            ("cosem_gateway_push_senders", "Addresses that are remembered.", .gauge, UInt64(max(senders, 0))),
            ("cosem_gateway_push_waiting", "Messages that wait to be taken.", .gauge, UInt64(max(waiting, 0))),
        ]
        for figure in families {
            let family = MetricFamily(name: figure.name, help: figure.help, kind: figure.kind, labelNames: [])
            family.writeHead(into: &text)
            family.writeSample(labels: MetricLabels(), value: "\(figure.value)", into: &text)
        }
        let lost = MetricFamily(
            name: "cosem_gateway_push_losses_total",
            help: "Times that pushed octets did not become a message.",
            kind: .counter,
            labelNames: ["reason"]
        )
        lost.writeHead(into: &text)
        for loss in PushLoss.allCases {
            let count = losses[loss, default: 0]
            lost.writeSample(labels: MetricLabels(loss.rawValue), value: "\(count)", into: &text)
        }
    }
}
