// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import NIOCore
import NIOPosix

extension LineOpening {
    /// Opens a TCP connection to a converter and lets it set the format of its serial port (RFC 2217).
    func open(_ endpoint: TCPEndpoint, _ format: LineFormat) async throws(TransportError) -> MeterLine {
        let limit = ContinuousClock.Instant.now + timeout
        let (line, ready) = try await connect(to: endpoint) { channel in
            let ready = channel.eventLoop.makePromise(of: Void.self)
            let telnet = TelnetHandler(format: format, ready: ready)
            try channel.pipeline.syncOperations.addHandler(telnet)
            let control = TelnetControl(handler: telnet, eventLoop: channel.eventLoop)
            return (try install(on: channel, control: control, format: format), ready)
        }
        return try await prepared(line, ready, until: limit, late: .converterRefused(.silent))
    }
}
