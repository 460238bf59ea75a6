// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Foundation
import Testing

@testable import COSEMModel

@Suite("Contents of pushes")
struct PushDecoderTests {
    /// The bodies of notifications of real meters, which the tests of the codec have, too.
    private static func body(_ name: String) throws -> DLMSData {
        struct Capture: Decodable {
            struct Parameters: Decodable {
                var apdu: String?
                var plaintext: String?
            }
            var name: String
            var hex: String
            var params: Parameters?
        }
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("DLMSCodecTests/Vectors/push-capture.json")
        let captures = try JSONDecoder().decode([Capture].self, from: Data(contentsOf: file))
        let capture = try #require(captures.first { $0.name == name })
        let hex = capture.params?.plaintext ?? capture.params?.apdu ?? capture.hex
        return try DataNotification(octets: try #require(Hexadecimal.octets(of: hex))).body
    }

    private static func object(_ text: String) throws -> OBISCode { try #require(OBISCode(text)) }

    private static func integer(_ content: PushedContent, _ object: String) throws -> Int64? {
        let code = try Self.object(object)
        return content.values.first { $0.attribute.logicalName == code }?.data.integerValue
    }

    @Test("Entries of name, value and scaler (Iskraemeco)")
    func entries() throws {
        let content = try #require(PushDecoder().content(of: try Self.body("capture-hdlc_iskra550")))
        #expect(content.layout == .named)
        #expect(content.unexplained == 0)
        #expect(content.values.count == 16)
        #expect(content.names == ["84895126", "160456"])
        let energy = try #require(content.values.first { $0.attribute.logicalName == OBISCode(1, 0, 1, 8, 0, 255) })
        #expect(energy.data == .doubleLongUnsigned(261_927))
        #expect(energy.attribute.classID == 3)
        #expect(energy.scalerUnit == ScalerUnit(scaler: 0, unitCode: 30))
        let voltage = try #require(content.values.first { $0.attribute.logicalName == OBISCode(1, 0, 32, 7, 0, 255) })
        #expect(voltage.scalerUnit == ScalerUnit(scaler: -1, unitCode: 35))
    }

    @Test("Names and values in turn behind a text, with the scalers of the manufacturer (Kamstrup)")
    func pairs() throws {
        let content = try #require(PushDecoder().content(of: try Self.body("capture-hdlc_kamstrup_omnipower")))
        #expect(content.template == "kamstrup")
        #expect(content.values.count == 32)
        #expect(content.unexplained == 0)
        #expect(content.clock?.octets == Hexadecimal.octets(of: "07EA030C040F181EFF800000"))
        let energy = try #require(content.values.first)
        #expect(energy.attribute.logicalName == OBISCode(1, 1, 1, 8, 0, 255))
        #expect(energy.scalerUnit == ScalerUnit(scaler: 1, unitCode: 30))
        #expect(content.names == ["12343400"])
    }

    @Test("Names and values in turn behind the time (Landis+Gyr)")
    func timeAndPairs() throws {
        let content = try #require(PushDecoder().content(of: try Self.body("capture-hdlc_landis_gyr_e450")))
        #expect(content.layout == .named)
        #expect(content.values.count == 17)
        #expect(content.clock != nil)
        #expect(try Self.integer(content, "1.0.1.8.0.255") == 4_408_736)
        #expect(content.values.last?.scalerUnit == nil)
    }

    @Test("A pair and entries together (Kaifa)")
    func mixture() throws {
        let content = try #require(PushDecoder().content(of: try Self.body("capture-raw_salzburg_netz")))
        #expect(content.unexplained == 0)
        #expect(content.clock != nil)
        #expect(content.names.count == 2)
        #expect(try Self.integer(content, "1.0.1.7.0.255") == 714)
    }

    @Test("The push object list in front (Energomera)")
    func describedByItself() throws {
        let content = try #require(PushDecoder().content(of: try Self.body("capture-raw_energomera")))
        #expect(content.layout == .selfDescribing)
        #expect(content.values.count == 7)
        #expect(content.pushSetup == OBISCode(0, 0, 25, 9, 0, 255))
        #expect(content.names.count == 2)
    }

    @Test("Values alone go by the list that the meter is known to have")
    func objectList() throws {
        let list = [
            CaptureObject.clock,
            CaptureObject(classID: 3, logicalName: OBISCode(1, 0, 1, 8, 0, 255), attributeIndex: 2),
        ]
        let body = DLMSData.structure([.octetString([UInt8](repeating: 0xFF, count: 12)), .doubleLongUnsigned(9)])
        let decoder = PushDecoder(objectLists: [[list[1]], list])
        let content = try #require(decoder.content(of: body))
        #expect(content.layout == .objectList)
        #expect(content.values.map(\.attribute) == list)
        #expect(PushDecoder().content(of: .structure([.unsigned(1), .unsigned(2)])) == nil)
    }

    @Test("A list of Kaifa for the customer's port goes by its length", arguments: [1, 9, 13, 14, 18])
    func template(_ count: Int) throws {
        var elements: [DLMSData] = [.doubleLongUnsigned(480)]
        if count > 1 {
            elements = ["KFM_001", "6970631401234567", "MA304H3E"].map { .octetString(Array($0.utf8)) }
            while elements.count < count { elements.append(.doubleLongUnsigned(UInt32(elements.count))) }
        }
        let content = try #require(PushDecoder().content(of: .structure(elements)))
        #expect(content.layout == .template)
        #expect(content.values.count == count)
        #expect(try Self.integer(content, "1.0.1.7.0.255") == (count == 1 ? 480 : 3))
        #expect(content.names == (count == 1 ? [] : ["6970631401234567"]))
        if count == 18 {
            #expect(try Self.integer(content, "1.0.1.8.0.255") == 14)
            #expect(content.values[9].scalerUnit == ScalerUnit(scaler: -3, unitCode: 33))
        }
    }

    @Test("Descriptors without type tags are read with their class and attribute (Sagemcom)")
    func descriptors() throws {
        let body = DLMSData.array([
            .structure([.longUnsigned(3), .octetString([1, 0, 1, 8, 0, 255]), .integer(2), .doubleLongUnsigned(5)])
        ])
        let content = try #require(PushDecoder().content(of: body))
        #expect(content.values.map(\.attribute.key) == ["1.0.1.8.0.255/2"])
    }
}
