// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import HTTPKit
import Testing

@testable import GatewayAPI

@Suite("Whose request a reverse proxy sends on")
struct ReverseProxiesTests {
    private func caller(_ told: [String], from address: String) throws -> String? {
        let proxies = ReverseProxies(
            addresses: try ["10.0.0.2", "10.1.0.0/16", "2001:db8::/32"].map { try #require(AddressRange($0)) }
        )
        let fields = told.map { HTTPHeaders.Field(name: "X-Forwarded-For", value: $0) }
        return proxies.originalAddress(
            of: HTTPRequest(method: .get, rawTarget: "/", headers: HTTPHeaders(fields), remoteAddress: address)
        )
    }

    @Test("The address before the first proxy that is believed is the caller's")
    func believed() throws {
        #expect(try caller(["198.51.100.9"], from: "10.0.0.2") == "198.51.100.9")
        #expect(try caller(["198.51.100.9, 10.1.7.7"], from: "10.0.0.2") == "198.51.100.9")
        #expect(try caller(["198.51.100.9", "10.1.7.7 ,10.1.7.8"], from: "10.0.0.2") == "198.51.100.9")
        #expect(try caller(["198.51.100.9:4711"], from: "10.0.0.2") == "198.51.100.9")
        #expect(try caller(["[2001:4860::8]:4711"], from: "2001:db8::1") == "2001:4860::8")
        #expect(try caller(["10.1.7.7"], from: "10.0.0.2") == "10.1.7.7")
    }

    @Test("What a caller wrote itself is not believed")
    func unbelieved() throws {
        #expect(try caller(["203.0.113.7"], from: "198.51.100.9") == nil)
        #expect(try caller(["203.0.113.7, 198.51.100.9"], from: "10.0.0.2") == "198.51.100.9")
        #expect(try caller(["203.0.113.7, 10.1.7.7, 198.51.100.9"], from: "10.0.0.2") == "198.51.100.9")
    }

    @Test(
        "What is no address ends the search at the proxy",
        arguments: ["unknown", "", "_hidden", "198.51.100.0/24", "198.51.100.9, nobody"]
    )
    func noAddress(_ text: String) throws {
        #expect(try caller([text], from: "10.0.0.2") == "10.0.0.2")
    }
}
