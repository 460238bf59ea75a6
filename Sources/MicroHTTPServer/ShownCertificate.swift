// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CMicroHTTPDShim
import Glibc
import HTTPKit

/// The certificate that a client showed, judged once for its connection.
struct ShownCertificate {
    private let judgement: ClientCertificate
    /// When it ends, seconds since 1970.
    private let end: Int64

    /// Judges the certificate of a connection after its handshake.
    init(of connection: OpaquePointer) {
        var text = [CChar](repeating: 0, count: 4096)
        var end: Int64 = 0
        switch microhttpd_client(connection, &text, text.count, &end) {
        case microhttpd_client_shows_none:
            judgement = .none
        case microhttpd_client_named:
            let octets = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            judgement = .named(String(decoding: octets, as: UTF8.self).split(separator: " ").map(String.init))
        case microhttpd_client_out_of_date:
            judgement = Self.outOfDate
        case microhttpd_client_of_other_purpose:
            judgement = .refused(reason: "the certificate of the client is not for clients")
        case microhttpd_client_without_name:
            judgement = .refused(reason: "the certificate of the client has no name")
        default:
            judgement = .refused(reason: "the certificate of the client is of no authority that is known here")
        }
        self.end = end
    }

    /// What it says now; a connection may outlive it.
    var present: ClientCertificate {
        if case .named = judgement, end <= Int64(time(nil)) { return Self.outOfDate }
        return judgement
    }

    private static let outOfDate = ClientCertificate.refused(
        reason: "the certificate of the client has expired, or is not valid yet"
    )
}
