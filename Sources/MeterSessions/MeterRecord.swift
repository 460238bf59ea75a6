// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import MeterTransport

/// What is remembered of a meter when its channel is gone.
struct MeterRecord {
    var channel: ChannelKey
    var lastContact: ContinuousClock.Instant?
    var lastError: SessionError?
    var lastErrorAt: ContinuousClock.Instant?
    var association: AssociationInfo?
    /// How objects are named in each association, by its name.
    var naming: [String: LearnedNaming] = [:]
    var exchanges = 0
    var failures = 0
    var connections = 0
    /// Octets over connections that have ended.
    var ended = ConnectionCounters()

    init(channel: ChannelKey) {
        self.channel = channel
    }
}
