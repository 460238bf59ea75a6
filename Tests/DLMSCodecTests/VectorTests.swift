// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

/// Every vector decodes, encodes back to the same octets, and is refused when it is cut short.
@Suite struct VectorTests {
    @Test func allVectorsAreThere() {
        let layers = [
            "data", "datetime", "acse", "xdlms", "wrapper", "cipher", "hdlc", "iec62056-21", "push-capture", "profile",
        ]
        #expect(layers.map { Vector.load($0).count } == [48, 8, 24, 74, 4, 21, 36, 20, 5, 1])
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

    @Test(arguments: Vector.load("hdlc"))
    func hdlcEncodesBack(_ vector: Vector) throws {
        try check(vector, as: HDLCFrame.self)
    }

    @Test(arguments: Vector.load("iec62056-21"))
    func textMessageEncodesBack(_ vector: Vector) throws {
        let (characters, parity) = TextParity.characters(of: try vector.octets)
        let message = try TextMessage(octets: characters)
        #expect(Hexadecimal.text(of: parity.octets(of: message.octets)) == vector.hex)
        for count in characters.indices where characters.prefix(count) != [TextCharacter.acknowledge] {
            #expect(throws: DecodeError.self) { try TextMessage(octets: characters.prefix(count)) }
        }
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
