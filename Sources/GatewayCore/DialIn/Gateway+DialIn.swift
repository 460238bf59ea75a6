// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import MeterTransport

extension Gateway {
    /// The callers for which no meter is configured, those first that have waited longest.
    ///
    /// Empty when meters cannot dial in.
    public var unknownCallers: [UnknownCaller] { access.standingLines?.unknownCallers ?? [] }

    /// What became of callers so far; nil when meters cannot dial in.
    public var dialInCounters: DialInCounters? { access.standingLines?.counters }

    /// How things stand with a meter that dials in as this; nil when meters cannot dial in.
    public func dialInStatus(of identity: String) -> StandingStatus? {
        access.standingLines?.status(of: identity)
    }

    /// Has the connections of all meters expected that are configured to dial in; before that all callers are unknown.
    public func expectDialIns() async throws(GatewayError) {
        try await translating(await administration.dialIns.load(store, store))
    }
}
