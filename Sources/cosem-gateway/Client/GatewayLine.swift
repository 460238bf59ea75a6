// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Glibc

/// A connection to a gateway, in clear or under TLS; its calls wait.
struct GatewayLine: ~Copyable {
    private let descriptor: Int32
    private let session: TLSSession?
    private var received: [UInt8] = []
    private var isEnded = false

    /// Takes over a connected socket, and opens TLS on it if there is a session for it.
    init(_ descriptor: Int32, _ session: TLSSession?) throws(GatewayConnection.Failure) {
        self.descriptor = descriptor
        self.session = session
        guard let session else { return }
        try take(session.connected())
        while !session.isOpen {
            guard let octets = try readPiece() else {
                throw GatewayConnection.Failure(description: "the gateway ended the connection in the handshake of TLS")
            }
            try take(session.received(octets))
        }
    }

    deinit { close(descriptor) }

    /// Sends octets.
    mutating func write(_ octets: [UInt8]) throws(GatewayConnection.Failure) {
        if let session { try take(session.send(octets)) } else { try writePiece(octets) }
    }

    /// The octets that come next; nil at the end.
    mutating func read() throws(GatewayConnection.Failure) -> [UInt8]? {
        guard let session else { return try readPiece() }
        while received.isEmpty {
            guard !isEnded, let octets = try readPiece() else { return nil }
            try take(session.received(octets))
        }
        defer { received = [] }
        return received
    }

    private mutating func take(_ output: TLSSession.Output) throws(GatewayConnection.Failure) {
        if !output.send.isEmpty { try writePiece(output.send) }
        received += output.received
        isEnded = isEnded || output.isEnded
        if let fault = output.fault { throw GatewayConnection.Failure(description: Self.words(fault)) }
    }

    private static func words(_ fault: TLSFault) -> String {
        switch fault {
        case .notTrusted(let reason):
            "the certificate of the gateway is not trusted: \(reason); COSEM_GATEWAY_CA_FILE can name its authority"
        case .outOfDate: "the certificate of the gateway has expired, or is not valid yet"
        case .wrongName(let expected): "the certificate of the gateway is not for \(expected)"
        case .notSpoken: "what answers there does not speak TLS"
        default: "there is no TLS connection to the gateway: \(fault)"
        }
    }

    private func readPiece() throws(GatewayConnection.Failure) -> [UInt8]? {
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &piece, piece.count, 0)
        // A reset is an end, too; whether the answer was whole is told by its length.
        if count < 0, errno == ECONNRESET { return nil }
        guard count >= 0 else {
            throw GatewayConnection.Failure(description: "the gateway did not answer in time")
        }
        return count == 0 ? nil : Array(piece[..<count])
    }

    private func writePiece(_ octets: [UInt8]) throws(GatewayConnection.Failure) {
        var sent = 0
        while sent < octets.count {
            let count = octets[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else {
                throw GatewayConnection.Failure(description: "the connection to the gateway ended")
            }
            sent += count
        }
    }
}
