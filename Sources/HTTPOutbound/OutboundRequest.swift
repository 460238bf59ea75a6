// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// A request to a server that somebody outside has named.
public struct OutboundRequest: Sendable {
    /// Whether it goes over TLS.
    public var isSecure: Bool
    /// The host name or address.
    public var host: String
    /// The port.
    public var port: Int
    /// Path and query.
    public var target: String
    /// The method.
    public var method: String
    /// Fields beside Host, Content-Length and Connection.
    public var fields: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]
    /// Octets of the answer's body that are taken; of a longer one this beginning.
    public var mostAnswerOctets = 4096

    /// Makes a request.
    public init(
        isSecure: Bool,
        host: String,
        port: Int,
        target: String,
        method: String = "POST",
        fields: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
        self.target = target
        self.method = method
        self.fields = fields
        self.body = body
    }
}

/// What a server answered.
public struct OutboundAnswer: Sendable {
    /// The status code.
    public let status: Int
    /// The fields.
    public let fields: [(name: String, value: String)]
    /// The beginning of the body.
    public let body: [UInt8]

    /// The value of a field, whatever the case of its name.
    public func value(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Why there is no answer.
public enum OutboundFault: Error, Hashable, Sendable {
    /// The host name has no address.
    case notResolved
    /// An address of the host is none that may be called.
    case addressRefused(String)
    /// No connection came about.
    case unreachable(reason: String)
    /// TLS did not come about.
    case tlsRefused(TLSFault)
    /// The answer did not come in time.
    case timedOut
    /// The connection ended before the answer was whole, or it is none.
    case lost(reason: String)
}

extension OutboundFault: CustomStringConvertible {
    /// The fault in words.
    public var description: String {
        switch self {
        case .notResolved: "the host name has no address"
        case .addressRefused(let address): "the host has the address \(address), which may not be called"
        case .unreachable: "nobody answers at the address"
        case .tlsRefused(let fault): "there is no TLS connection: \(fault)"
        case .timedOut: "there was no answer in time"
        case .lost: "the connection ended before the answer was whole"
        }
    }
}
