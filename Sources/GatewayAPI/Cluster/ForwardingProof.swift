// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import HTTPKit
import Timekeeping

/// How gateways over one database know what another one of them sent on: a keyed digest of the request with a name and a time.
///
/// The field `Cosem-Gateway-Node` is the name of the gateway, seconds since 1970, the SHA-256 of the body and the proof, both
/// in hexadecimal digits, with spaces between them. The proof is a digest of method, target, identifier, the caller's address
/// in `Forwarded`, and what stands before it in the field, so that nothing of it can be put on another request.
struct ForwardingProof: RequestOrigin {
    /// The field that the proof is in.
    static let field = "Cosem-Gateway-Node"
    /// How far the clocks of two gateways may differ.
    private static let tolerance = Duration.seconds(300)

    let secret: Secret
    let clock: any WallClock

    /// The fields that a request is sent on with.
    func fields(of request: HTTPRequest, from name: String) -> [HTTPHeaders.Field] {
        let origin = "for=\"\(request.remoteAddress)\""
        let fields = [HTTPHeaders.Field(name: "Forwarded", value: origin)]
        guard let body = try? SHA256Digest.of(request.body) else { return fields }
        let claim = "\(name) \(clock.now().seconds) \(Hexadecimal.text(of: body))"
        guard let proof = try? KeyedDigest.of(Self.text(request, origin, claim), key: secret) else { return fields }
        return fields + [.init(name: Self.field, value: "\(claim) \(Hexadecimal.text(of: proof))")]
    }

    /// Whether another gateway sent the request on.
    func isRight(_ request: HTTPRequest) -> Bool {
        guard let body = provenBody(request) else { return false }
        return body == (try? SHA256Digest.of(request.body))
    }

    /// The address of the caller whose request another gateway sent on, also while its body is still to come; nil when it
    /// did not.
    func originalAddress(of request: HTTPRequest) -> String? {
        guard let body = provenBody(request), request.body.isEmpty || body == (try? SHA256Digest.of(request.body)),
            let text = request.headers.all("Forwarded").last, text.hasPrefix("for=\""), text.hasSuffix("\"")
        else { return nil }
        return String(text.dropFirst(5).dropLast())
    }

    /// The digest of the body that another gateway sent the request on with; nil when none did.
    private func provenBody(_ request: HTTPRequest) -> [UInt8]? {
        guard let value = request.headers[Self.field], let space = value.lastIndex(of: " "),
            let proof = Hexadecimal.octets(of: String(value[value.index(after: space)...]))
        else { return nil }
        let (claim, origin) = (String(value[..<space]), request.headers.all("Forwarded").last ?? "")
        // Before anything is made of the rest, which may be anybody's.
        guard KeyedDigest.isRight(proof, of: Self.text(request, origin, claim), key: secret) else { return nil }
        let parts = claim.split(separator: " ")
        guard parts.count == 3, let seconds = Int64(parts[1]) else { return nil }
        let age = clock.now() - Timestamp(seconds: seconds)
        guard age < Self.tolerance, Duration.zero - age < Self.tolerance else { return nil }
        return Hexadecimal.octets(of: String(parts[2]))
    }

    private static func text(_ request: HTTPRequest, _ origin: String, _ claim: String) -> [UInt8] {
        // None of them has a line feed in it, so two requests have two texts.
        Array([request.method.rawValue, request.rawTarget, request.id, origin, claim].joined(separator: "\n").utf8)
    }
}
