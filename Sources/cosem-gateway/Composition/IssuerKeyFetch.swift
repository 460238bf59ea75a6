// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import GatewayAPI
import HTTPOutbound

/// The keys of an issuer behind a URL, such as its `jwks_uri`.
///
/// The URL is the operator's, so it may lead into private networks; not to addresses of the link, where clouds keep secrets. Where an
/// answer sends elsewhere it is not followed.
struct IssuerKeyFetch: IssuerKeySource {
    private static let limit = Duration.seconds(5)
    private static let mostOctets = 1 << 20

    private let url: WebhookURL
    private let client: OutboundHTTPClient

    /// Fetches from a URL.
    ///
    /// - Parameter authorityFile: a PEM file with the authorities that are trusted; nil = those of the system.
    /// - Throws: `TLSFault.fileUnusable`.
    init(_ url: WebhookURL, authorityFile: String?) throws(TLSFault) {
        self.url = url
        client = try OutboundHTTPClient(policy: AddressPolicy(allowsPrivate: true), authorityFile: authorityFile)
    }

    func read() async throws(IssuerKeyFault) -> [UInt8] {
        var request = OutboundRequest(
            isSecure: url.isSecure,
            host: url.host,
            port: url.port,
            target: url.target,
            method: "GET",
            fields: [("Accept", "application/jwk-set+json, application/json")]
        )
        request.mostAnswerOctets = Self.mostOctets
        let answer: OutboundAnswer
        do throws(OutboundFault) {
            answer = try await client.send(request, within: Self.limit)
        } catch {
            throw IssuerKeyFault(reason: "\(error)")
        }
        guard answer.status == 200 else { throw IssuerKeyFault(reason: "the answer has the status \(answer.status)") }
        guard answer.body.count < Self.mostOctets else {
            throw IssuerKeyFault(reason: "it is longer than \(Self.mostOctets) octets")
        }
        return answer.body
    }
}
