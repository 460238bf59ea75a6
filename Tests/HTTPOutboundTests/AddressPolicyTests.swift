// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPOutbound
import Testing

@Suite("Which addresses may be called")
struct AddressPolicyTests {
    private func mapped(_ address: [UInt8]) -> [UInt8] { [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + address }

    private func address6(_ head: [UInt8], _ last: UInt8 = 1) -> [UInt8] {
        head + [UInt8](repeating: 0, count: 15 - head.count) + [last]
    }

    @Test("Public addresses may be called")
    func open() {
        let policy = AddressPolicy()
        for address: [UInt8] in [
            [8, 8, 8, 8], [172, 15, 0, 1], [172, 32, 0, 1], [192, 169, 0, 1], [100, 63, 0, 1], [223, 255, 255, 255],
        ] {
            #expect(policy.allows(address), "\(address)")
            #expect(policy.allows(mapped(address)), "\(address)")
        }
        #expect(policy.allows(address6([0x2A, 0x00, 0x14, 0x50])))
    }

    @Test("Loopback and private addresses may be called when that was allowed")
    func local() {
        for address: [UInt8] in [
            [127, 0, 0, 1], [127, 255, 255, 255], [10, 1, 2, 3], [172, 16, 0, 1], [172, 31, 0, 1], [192, 168, 1, 1],
            [100, 64, 0, 1], address6([], 1), address6([0xFD, 0x00]), mapped([127, 0, 0, 1]),
        ] {
            #expect(!AddressPolicy().allows(address), "\(address)")
            #expect(AddressPolicy(allowsPrivate: true).allows(address), "\(address)")
        }
    }

    @Test("Addresses of the link, of groups, reserved ones and translators are never called")
    func never() {
        let policy = AddressPolicy(allowsPrivate: true)
        for address: [UInt8] in [
            [0, 0, 0, 0], [169, 254, 169, 254], [224, 0, 0, 1], [255, 255, 255, 255], [192, 0, 2, 1], [198, 18, 0, 1],
            [203, 0, 113, 1], address6([], 0), address6([0xFE, 0x80]), address6([0xFF, 0x02]),
            address6([0x00, 0x64, 0xFF, 0x9B]), address6([0x20, 0x02, 0x7F, 0x00]), address6([0x20, 0x01, 0x0D, 0xB8]),
            mapped([169, 254, 169, 254]), [], [1, 2, 3],
        ] {
            #expect(!policy.allows(address), "\(address)")
        }
    }

    @Test("A name or a number that leads to the gateway's own machine is refused before it is called")
    func lookup() async throws {
        let client = try OutboundHTTPClient()
        for host in ["localhost", "127.0.0.1", "::1", "0x7f000001", "2130706433", "169.254.169.254"] {
            await #expect(throws: OutboundFault.self, "\(host)") { try await client.check(host: host, port: 443) }
        }
        try await OutboundHTTPClient(policy: AddressPolicy(allowsPrivate: true)).check(host: "127.0.0.1", port: 443)
    }
}
