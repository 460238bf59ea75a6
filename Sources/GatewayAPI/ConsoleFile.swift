// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CConsole
import DLMSSecurity
import HTTPKit

/// One file of the web console that is built into the binary.
struct ConsoleFile: Sendable {
    /// Its name below `/console/`.
    let name: String
    /// Its media type.
    let type: String
    /// Its octets, without what only readers of the sources need.
    let octets: [UInt8]
    /// Names this version, so that a browser asks for it only once.
    let tag: EntityTag

    /// Every file by name.
    static let all: [String: ConsoleFile] = {
        let files = UnsafeBufferPointer(start: cosem_gateway_console_files, count: cosem_gateway_console_file_count)
        return Dictionary(
            files.map { file in
                let type = String(cString: file.type)
                let octets = LeanText.of(Array(UnsafeBufferPointer(start: file.octets, count: file.length)), type: type)
                // Only a broken OpenSSL has no SHA-256, and with that one the gateway does not start.
                let digest = (try? SHA256Digest.of(octets)) ?? []
                let made = ConsoleFile(
                    name: String(cString: file.name),
                    type: type,
                    octets: octets,
                    tag: EntityTag(
                        digest.prefix(12).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
                    )
                )
                return (made.name, made)
            },
            uniquingKeysWith: { first, _ in first }
        )
    }()

    /// The page itself.
    static let page = "index.html"

    /// What a browser may do with the console: nothing but load it and talk to this gateway.
    private static let policy =
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    /// The answer with this file, or that it is the same as the caller has.
    func answer(to headers: HTTPHeaders) -> HTTPResponse {
        let response =
            tag.matchesIfNoneMatch(headers)
            ? HTTPResponse(status: 304) : HTTPResponse.octets(octets, type: type)
        return
            response
            .with("ETag", tag.description)
            .with("Cache-Control", "no-cache")
            .with("Content-Security-Policy", Self.policy)
            .with("X-Content-Type-Options", "nosniff")
            .with("Referrer-Policy", "no-referrer")
    }
}
