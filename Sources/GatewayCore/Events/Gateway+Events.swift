// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet

extension Gateway {
    /// What happened in the fleet.
    public func events(matching query: EventQuery, limit: Int) async throws(GatewayError) -> [FleetEvent] {
        try await translating(await events.events(matching: query, limit: limit))
    }
}
