// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import MeterTransport

extension MeterSessions {
    /// The connections of meters that dial in.
    public nonisolated var standingLines: StandingLines? { network.standing }
}
