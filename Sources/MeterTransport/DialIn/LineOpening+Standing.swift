// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import NIOCore

extension LineOpening {
    /// The connection of a meter that has dialled in, or does so in time.
    func standingLine(of identity: String) async throws(TransportError) -> MeterLine {
        let line = try await network.standing.line(of: identity, within: timeout, on: network.group.next())
        line.setTap(tap)
        return line
    }
}
