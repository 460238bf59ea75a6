// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit

/// What is checked of a request's head before its body is taken, because the library lets it pass.
///
/// A request that fails here closes its connection: where its body ends is not sure.
struct RequestScreening {
    /// The limits to hold.
    let limits: HTTPServerLimits

    /// The problem with the length that a head tells of its body, nil if there is none.
    ///
    /// - Parameter bodyOctets: how long the body may be.
    func problem(headers: HTTPHeaders, bodyOctets: Int) -> Problem? {
        guard let text = headers["Content-Length"], (Int(text) ?? .max) > bodyOctets else { return nil }
        return .bodyTooLarge(limit: bodyOctets)
    }

    /// The problem with a head, nil if there is none.
    func problem(method: String, target: String, version: String, headers: HTTPHeaders) -> Problem? {
        framingProblem(version: version, headers: headers)
            ?? sizeProblem(target: target, headers: headers)
            ?? formProblem(method: method, version: version, headers: headers)
    }

    /// RFC 9112 §6: who reads the end of the body differently than we do can hide a second request in it.
    ///
    /// So the length is given
    /// once, as digits, and never beside a transfer coding; the only coding is `chunked`.
    private func framingProblem(version: String, headers: HTTPHeaders) -> Problem? {
        // Most requests have no body.
        if headers["Content-Length"] == nil && headers["Transfer-Encoding"] == nil { return nil }
        let lengths = headers.all("Content-Length")
        let codings = headers.all("Transfer-Encoding")
        if lengths.count > 1 { return Self.malformed("Content-Length is given more than once.") }
        if let length = lengths.first, length.isEmpty || !length.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return Self.malformed("Content-Length is not a number.")
        }
        if codings.isEmpty { return nil }
        if !lengths.isEmpty { return Self.malformed("Content-Length and Transfer-Encoding are both given.") }
        if codings.count > 1 || codings[0].lowercased() != "chunked" {
            return Self.malformed("The only transfer coding that is taken is 'chunked', given once.")
        }
        if version == "HTTP/1.0" { return Self.malformed("HTTP/1.0 has no transfer codings.") }
        return nil
    }

    private func sizeProblem(target: String, headers: HTTPHeaders) -> Problem? {
        if target.utf8.count > limits.targetOctets {
            return Problem(
                "target-too-long",
                status: 414,
                title: "Request target too long",
                detail: "The request target is longer than \(limits.targetOctets) octets."
            )
        }
        let octets = headers.fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        guard octets > limits.headerOctets else { return nil }
        return Problem(
            "header-too-large",
            status: 431,
            title: "Header fields too large",
            detail: "The header fields together are longer than \(limits.headerOctets) octets."
        )
    }

    private func formProblem(method: String, version: String, headers: HTTPHeaders) -> Problem? {
        if !HTTPMethod(rawValue: method).isWellFormed {
            return Self.malformed("The method is not a token.")
        }
        if !headers.areWellFormed {
            return Self.malformed("A header field has a name or value with characters that are not allowed.")
        }
        // RFC 9112 §3.2: exactly one Host since HTTP/1.1.
        let hosts = headers.count(of: "Host")
        if hosts > 1 || (hosts == 0 && version != "HTTP/1.0") {
            return Self.malformed("The Host field must be given once.")
        }
        return nil
    }

    private static func malformed(_ detail: String) -> Problem {
        Problem("malformed-request", status: 400, title: "Malformed request", detail: detail)
    }
}
