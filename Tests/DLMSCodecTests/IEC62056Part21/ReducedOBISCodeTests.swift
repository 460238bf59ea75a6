// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@Suite("Reduced identification codes")
struct ReducedOBISCodeTests {
    @Test(arguments: [
        ("1-0:1.8.0*255", OBISCode(1, 0, 1, 8, 0, 255)), ("1-0:1.8.0", OBISCode(1, 0, 1, 8, 0, 255)),
        ("1-1:2.8.2*03", OBISCode(1, 1, 2, 8, 2, 3)), ("1.8.0", OBISCode(1, 0, 1, 8, 0, 255)),
        ("1.8.0*01", OBISCode(1, 0, 1, 8, 0, 1)), ("1.8.0&12", OBISCode(1, 0, 1, 8, 0, 12)),
        ("0.9.1", OBISCode(1, 0, 0, 9, 1, 255)), ("0.0.0", OBISCode(1, 0, 0, 0, 0, 255)),
        ("C.1.0", OBISCode(0, 0, 96, 1, 0, 255)), ("F.F", OBISCode(0, 0, 97, 97, 0, 255)),
        ("F.F.0", OBISCode(0, 0, 97, 97, 0, 255)), ("L.1.0", OBISCode(0, 0, 98, 1, 0, 255)),
        ("P.01", OBISCode(1, 0, 99, 1, 0, 255)), ("P.98", OBISCode(1, 0, 99, 98, 0, 255)),
        ("1:1.8.0", OBISCode(1, 1, 1, 8, 0, 255)), ("0-1:24.2.1", OBISCode(0, 1, 24, 2, 1, 255)),
    ])
    func `An address names an object`(address: String, name: OBISCode) {
        #expect(ReducedOBISCode.logicalName(of: address) == name)
    }

    @Test(arguments: ["", "1", "1.8.0.0", "1.8.x", "1.300.0", "1-0:", "1-:1.8.0", "X.1.0", "1.8.0*", "1.8.0*300", "FF"])
    func `What is no code names nothing`(address: String) {
        #expect(ReducedOBISCode.logicalName(of: address) == nil)
    }

    @Test func `Another medium takes the place of electricity where the address has none`() {
        #expect(ReducedOBISCode.logicalName(of: "3.0.0", medium: 7) == OBISCode(7, 0, 3, 0, 0, 255))
        #expect(ReducedOBISCode.logicalName(of: "1-0:3.0.0", medium: 7) == OBISCode(1, 0, 3, 0, 0, 255))
        #expect(ReducedOBISCode.logicalName(of: "C.1.0", medium: 7) == OBISCode(0, 0, 96, 1, 0, 255))
    }

    @Test(arguments: ["1.8.0", "1.8.0*01", "C.1.0", "F.F", "C.7.21", "0.9.1", "1.6.2*12"])
    func `A name is written as the address that names it`(address: String) throws {
        let name = try #require(ReducedOBISCode.logicalName(of: address))
        #expect(ReducedOBISCode.address(of: name) == address)
    }

    @Test func `Profiles have addresses of their own`() {
        #expect(ReducedOBISCode.profileAddress(of: OBISCode(1, 0, 99, 1, 0, 255)) == "P.01")
        #expect(ReducedOBISCode.profileAddress(of: OBISCode(1, 0, 99, 98, 0, 255)) == "P.98")
        #expect(ReducedOBISCode.profileAddress(of: OBISCode(1, 0, 1, 8, 0, 255)) == nil)
    }
}
