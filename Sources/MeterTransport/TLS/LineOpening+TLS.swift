// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import NIOCore
import TLSChannels

extension LineOpening {
    /// Opens a TCP connection and TLS over it.
    func open(_ endpoint: TCPEndpoint, _ settings: TLSSettings) async throws(TransportError) -> MeterLine {
        let limit = ContinuousClock.Instant.now + timeout
        let context: TLSContext
        do {
            // Files are read.
            context = try await network.waitingThreads.runIfActive { try TLSContext(client: settings) }
        } catch {
            throw TransportError(onChannel: error) ?? TransportError(.cancelled)
        }
        let (line, ready) = try await connect(to: endpoint) { channel in
            let ready = channel.eventLoop.makePromise(of: Void.self)
            let session = try TLSSession(client: context, serverName: settings.serverName ?? endpoint.host)
            try channel.pipeline.syncOperations.addHandler(TLSHandler(session, ready: ready))
            return (try install(on: channel), ready)
        }
        return try await prepared(line, ready, until: limit, late: .connectTimeout)
    }
}
