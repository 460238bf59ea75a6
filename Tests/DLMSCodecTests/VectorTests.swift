// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

/// Every vector decodes, encodes back to the same octets, and is refused when it is cut short.
@Suite struct VectorTests {
    @Test func allVectorsAreThere() {
        let counts = ["data", "datetime", "acse", "xdlms", "wrapper", "cipher"].map { Vector.load($0).count }
        #expect(counts == [48, 8, 24, 74, 4, 21])
    }

    @Test(arguments: Vector.load("data"))
    func dataEncodesBack(_ vector: Vector) throws {
        try check(vector, as: DLMSData.self)
    }

    @Test(arguments: Vector.load("datetime"))
    func dateTimeEncodesBack(_ vector: Vector) throws {
        try check(vector, as: COSEMDateTime.self)
    }

    @Test(arguments: Vector.load("acse", "xdlms", "cipher"))
    func apduEncodesBack(_ vector: Vector) throws {
        try check(vector, as: APDU.self)
    }

    @Test(arguments: Vector.load("wrapper"))
    func wrapperEncodesBack(_ vector: Vector) throws {
        try check(vector, as: WrapperFrame.self)
    }

    private func check<Value: OctetCodable>(_ vector: Vector, as type: Value.Type) throws {
        let octets = try vector.octets
        #expect(Hexadecimal.text(of: try Value(octets: octets).octets) == vector.hex)
        for count in octets.indices {
            #expect(throws: DecodeError.self) { try Value(octets: octets.prefix(count)) }
        }
        #expect(throws: DecodeError.self) { try Value(octets: octets + [0]) }
    }
}
