// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Hands requests to another server and gives its answers as they come.
public protocol HTTPForwarder: Sendable {
    /// Sends a request as it is to another server.
    ///
    /// When the caller's task is cancelled, or the body of the answer is not taken to its end, the connection is closed, so
    /// that the other server learns of the caller's departure.
    /// - Parameters:
    ///   - request: method, target, fields and body are sent on; what belongs to the connection is left out.
    ///   - address: the other server, such as `http://192.0.2.7:8080`.
    ///   - fields: take the place of fields of the same names.
    func forward(
        _ request: HTTPRequest,
        to address: String,
        with fields: [HTTPHeaders.Field]
    ) async throws(HTTPForwardFault) -> HTTPResponse
}

/// Why another server gave no answer.
public enum HTTPForwardFault: Error, Hashable, Sendable {
    /// The address is none that requests can be sent to.
    case badAddress
    /// No connection could be made, or none with who was meant: the request did not arrive.
    case unreachable(reason: String)
    /// The connection ended before the answer began: what became of the request is not known.
    case lost(reason: String)
    /// The caller left.
    case cancelled
}

extension HTTPHeaders {
    /// The fields without those that concern one connection only (RFC 9110 §7.6.1).
    public var endToEnd: HTTPHeaders {
        let named = list("Connection").map { $0.lowercased() }
        let hopByHop: Set<String> = [
            "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect",
        ]
        return HTTPHeaders(
            fields.filter { field in
                let name = field.name.lowercased()
                return !hopByHop.contains(name) && !named.contains(name)
            }
        )
    }
}
