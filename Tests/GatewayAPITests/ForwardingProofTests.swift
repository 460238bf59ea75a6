// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import HTTPKit
import Testing

@testable import GatewayAPI

@Suite("How gateways know what another one sent on")
struct ForwardingProofTests {
    private let clock = HandClock()

    private var proof: ForwardingProof {
        ForwardingProof(secret: Secret([UInt8](repeating: 1, count: 32)), clock: clock)
    }

    private func request(
        _ method: HTTPMethod = .post,
        _ target: String = "/meters/M1/read",
        _ fields: [HTTPHeaders.Field] = [],
        body: String = "{}",
        from address: String = "198.51.100.9"
    ) -> HTTPRequest {
        HTTPRequest(
            method: method,
            rawTarget: target,
            headers: HTTPHeaders([.init(name: "X-Request-Id", value: "r-1")] + fields),
            body: Array(body.utf8),
            remoteAddress: address
        )
    }

    @Test("A request that was sent on is known, with the address that it came from")
    func known() {
        let fields = proof.fields(of: request(), from: "gw-1")
        let arrived = request(.post, "/meters/M1/read", fields, from: "10.0.0.1")
        #expect(proof.isRight(arrived))
        #expect(proof.originalAddress(of: arrived) == "198.51.100.9")
        #expect(proof.originalAddress(of: request()) == nil)
    }

    @Test("A proof is good for one request only: not with another body, path, address or time")
    func bound() throws {
        let fields = proof.fields(of: request(), from: "gw-1")
        #expect(!proof.isRight(request(.put, "/meters/M1/read", fields)))
        #expect(!proof.isRight(request(.post, "/meters/M2/read", fields)))
        #expect(!proof.isRight(request(.post, "/meters/M1/read", fields, body: "[]")))
        #expect(proof.originalAddress(of: request(.post, "/meters/M1/read", fields, body: "[]")) == nil)
        // A head whose body is still to come has an address already.
        #expect(proof.originalAddress(of: request(.post, "/meters/M1/read", fields, body: "")) == "198.51.100.9")
        let other = [HTTPHeaders.Field(name: "Forwarded", value: "for=\"192.0.2.1\"")] + fields.dropFirst()
        #expect(!proof.isRight(request(.post, "/meters/M1/read", other)))
        #expect(proof.originalAddress(of: request(.post, "/meters/M1/read", other)) == nil)
        clock.advance(by: .seconds(301))
        #expect(!proof.isRight(request(.post, "/meters/M1/read", fields)))
    }

    @Test(
        "Whatever anybody puts into the field is no proof, and ends nothing",
        arguments: [
            "a 9223372036854775807 00", "a 9223372036854775807 00 00", "a -9223372036854775808 00 00",
            "a 9223372036854775808 00 00", "a 1 00 zz", "", " ", "a", "a 1", "a 1 00 b",
        ]
    )
    func forged(value: String) {
        let request = request(.get, "/meters/x/zzz", [.init(name: "Cosem-Gateway-Node", value: value)], body: "")
        #expect(!proof.isRight(request))
        #expect(proof.originalAddress(of: request) == nil)
    }
}
