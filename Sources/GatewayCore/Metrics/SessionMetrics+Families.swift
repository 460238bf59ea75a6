// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import MeterSessions

extension SessionMetrics {
    /// What `/metrics` tells of channels, groups and breakers.
    var families: [(name: String, help: String, isCounter: Bool, value: Int)] {
        [
            ("cosem_gateway_channels_in_use", "Channels with work or a connection.", false, channels),
            (
                "cosem_gateway_channels_controlled", "Channels that an operator holds or drains.", false,
                controlledChannels
            ),
            (
                "cosem_gateway_group_channels_active", "Channels of groups with work or a connection.", false,
                activeInGroups
            ),
            (
                "cosem_gateway_group_channels_waiting", "Channels that wait for another one of their group.", false,
                waitingForGroups
            ),
            ("cosem_gateway_breakers_open", "Meters and lines that are left alone for a while.", false, openBreakers),
            (
                "cosem_gateway_breaker_openings_total", "Times that a meter or a line failed too often.", true,
                breakersOpened
            ),
            ("cosem_gateway_breaker_refusals_total", "Requests refused because of that.", true, breakerRefusals),
            ("cosem_gateway_connections_total", "Associations opened with meters.", true, connections),
            (
                "cosem_gateway_connections_delayed_total", "Connections that waited for the limit of new ones.", true,
                delayedConnections
            ),
            (
                "cosem_gateway_session_replacements_total", "Lost sessions replaced without a failure.", true,
                replacements
            ),
            ("cosem_gateway_shared_reads_total", "Callers served by the read of another.", true, sharedReads),
            ("cosem_gateway_interruptions_total", "Reads that made way for urgent work.", true, interruptions),
        ]
    }
}
