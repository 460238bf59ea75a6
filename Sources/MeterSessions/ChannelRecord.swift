// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import MeterTransport

/// What is remembered of a channel when there is nothing to do on it.
struct ChannelRecord {
    var totals = ChannelTotals()
    var group: String?
    var lastFailure: ChannelStatus.Failure?
    /// Where it led to last.
    var medium: MeterMedium

    init(_ route: MeterRoute) {
        medium = route.medium
        group = route.group?.id
    }
}
