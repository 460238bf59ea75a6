// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import MeterTransport

/// The last failure of a meter and of the channel to it, which most never have.
final class LastFailure: Sendable {
    let failure: ChannelStatus.Failure

    init(_ failure: ChannelStatus.Failure) {
        self.failure = failure
    }
}

/// What is remembered of a channel when there is nothing to do on it.
///
/// Belongs to the actor that made it and never leaves it.
final class ChannelRecord {
    var totals = ChannelTotals()
    var group: String?
    var lastFailure: LastFailure?
    /// Where it led to last.
    var medium: MeterMedium

    init(_ route: MeterRoute) {
        medium = route.medium
        group = route.group?.id
    }
}
