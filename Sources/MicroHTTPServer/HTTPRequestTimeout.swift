// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit

/// The answer to a request that takes too long to arrive; sent past the library, which has no call for it.
enum HTTPRequestTimeout {
    /// What is told to the caller.
    static let problem = Problem(
        "request-timeout",
        status: 408,
        title: "Request timeout",
        detail: "The request took too long to arrive.",
        retryable: true
    )

    /// A whole answer, head and body, that closes its connection.
    static func octets(for response: HTTPResponse) -> [UInt8] {
        let rendered = response.rendered(for: HTTPRequest(method: .get, rawTarget: "/"))
        let body: [UInt8] = if case .octets(let octets) = rendered.body { octets } else { [] }
        var head = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: \(body.count)\r\n"
        if rendered.headers.areWellFormed {
            for field in rendered.headers.fields { head += "\(field.name): \(field.value)\r\n" }
        }
        return Array((head + "\r\n").utf8) + body
    }
}
