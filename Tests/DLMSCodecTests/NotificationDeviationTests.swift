// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

/// Bodies of notifications that are no proper values although their meaning is clear.
@Suite struct NotificationDeviationTests {
    private func notification(_ hex: String) throws -> DataNotification {
        let octets = try #require(Hexadecimal.octets(of: hex))
        let notification = try DataNotification(octets: octets)
        #expect(notification.octets == octets)
        return notification
    }

    private let header = "0F0000000100"

    @Test func descriptorsWithoutTagsBecomeStructuresOfFour() throws {
        let body = "02020202" + "00010000600100FF02" + "09023132" + "0202" + "00030100010800FF02" + "060000002A"
        let notification = try notification(header + body)
        #expect(notification.deviations == [.untaggedDescriptors])
        #expect(notification.deviations.names == ["untagged-descriptors"])
        #expect(
            notification.body
                == .structure([
                    .structure([
                        .longUnsigned(1), .octetString([0, 0, 96, 1, 0, 255]), .integer(2), .octetString([0x31, 0x32]),
                    ]),
                    .structure([
                        .longUnsigned(3), .octetString([1, 0, 1, 8, 0, 255]), .integer(2), .doubleLongUnsigned(42),
                    ]),
                ])
        )
    }

    @Test func swappedHeadersOfLogicalNamesAreRead() throws {
        let notification = try notification(header + "0203" + "06090100010800FF" + "060000002A" + "06090100020800FF")
        #expect(notification.deviations == [.swappedLogicalNames])
        #expect(
            notification.body
                == .structure([
                    .octetString([1, 0, 1, 8, 0, 255]), .doubleLongUnsigned(42), .octetString([1, 0, 2, 8, 0, 255]),
                ])
        )
    }

    @Test func aProperBodyIsNeverReadAsADeviatingOne() throws {
        // A structure of null-data and array, and numbers that look like swapped headers.
        for body in ["02020001" + "00", "020206090100011100"] {
            #expect(try notification(header + body).deviations.isEmpty)
        }
    }

    @Test func aBodyThatIsNeitherGivesTheFaultOfTheProperOne() throws {
        let octets = try #require(Hexadecimal.octets(of: header + "02020E00"))
        let error = #expect(throws: DecodeError.self) { try DataNotification(octets: octets) }
        #expect(error?.reason == .unknownTag(0x0E))
    }

    @Test func deviationsCanBeRefused() throws {
        let octets = try #require(Hexadecimal.octets(of: header + "0201" + "06090100010800FF"))
        #expect(throws: DecodeError.self) {
            var reader = OctetReader(octets)
            _ = try DataNotification(decoding: &reader, accepting: [.taggedDateTime, .untaggedDescriptors])
            guard reader.isAtEnd else { throw DecodeError(.trailingOctets(reader.remaining), at: 0, what: "test") }
        }
    }

    @Test func theKaifaCaptureKeepsItsTag() throws {
        let vector = try #require(Vector.load("hdlc").first { $0.name == "hdlc-kaifa-2byte-src" })
        let frame = try HDLCFrame(octets: vector.octets)
        let apdu = frame.information.dropFirst(LLCHeader.length)
        let notification = try DataNotification(octets: apdu)
        #expect(notification.deviations == [.taggedDateTime])
        #expect(notification.time?.date.year == 2023)
        #expect(notification.octets == Array(apdu))
    }
}
