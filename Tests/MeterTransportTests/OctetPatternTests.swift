// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Testing

@testable import MeterTransport

@Suite("Patterns of first lines and heartbeats")
struct OctetPatternTests {
    @Test(
        "An identity stands where the gap for it is",
        arguments: [
            ("{}", "867530901234567", "867530901234567"),
            ("{}", "  MTR 1 ", "MTR 1"),
            ("IMEI={};*", "IMEI=1;CSQ=22;", "1"),
            ("*,{},OK", "a,b,OK", "b"),
            ("{}END", "12ENDEND", "12END"),
            (#"\x02{}\x03"#, "\u{2}77\u{3}", "77"),
            (#"\{\}{}"#, "{}9", "9"),
        ]
    )
    func identity(pattern: String, line: String, expected: String) throws {
        #expect(try OctetPattern(pattern).identity(in: Array(line.utf8)) == expected)
    }

    @Test(
        "A line that does not fit has no identity",
        arguments: [
            ("IMEI={}", "SN=1"), ("IMEI={}", "IMEI="), ("IMEI={}", "IMEI=\u{1}"), ("{};", "12"), ("a{}", ""),
            ("fixed", "fixed"),
        ]
    )
    func unfit(pattern: String, line: String) throws {
        #expect(try OctetPattern(pattern).identity(in: Array(line.utf8)) == nil)
    }

    @Test(
        "What is no pattern is refused",
        arguments: [
            ("", OctetPattern.Fault.empty), ("{}*", .adjoiningGaps), ("{}-{}", .severalIdentities), ("a\\", .escape),
            ("\\x1", .escape), ("\\xzz", .escape),
        ]
    )
    func faults(text: String, fault: OctetPattern.Fault) {
        #expect(throws: fault) { try OctetPattern(text) }
    }

    @Test("A pattern knows whether it has an identity and an end")
    func shape() throws {
        #expect(try OctetPattern("IMEI={}").hasIdentity)
        #expect(try !OctetPattern("HB*;").hasIdentity)
        #expect(try OctetPattern("HB*;").hasEnd)
        #expect(try !OctetPattern("HB*").hasEnd)
    }

    private static let wrapper: [UInt8] = [0, 1, 0, 1, 0, 16, 0, 3, 0x48, 0x42, 0x3B]
    private static let hdlc: [UInt8] = [0x7E, 0xA0, 0x09, 0x03, 0x21, 0x93, 0x48, 0x42, 0x3B, 0x55, 0x7E]

    @Test("Heartbeats between frames are taken out, whatever the pieces; in frames they are not", arguments: 1...12)
    func filtered(piece: Int) throws {
        let beat = Array("HB;".utf8)
        let stream = beat + Self.wrapper + beat + beat + Self.wrapper + Self.hdlc + beat + Self.hdlc
        var filter = HeartbeatFilter([try OctetPattern("HB*;"), try OctetPattern(#"\xFE"#)])
        var kept: [UInt8] = []
        var rest = stream[...]
        while !rest.isEmpty {
            kept += filter.received(Array(rest.prefix(piece)))
            rest = rest.dropFirst(piece)
        }
        #expect(kept == Self.wrapper + Self.wrapper + Self.hdlc + Self.hdlc)
    }

    @Test("What is neither frame nor heartbeat passes")
    func passed() throws {
        var filter = HeartbeatFilter([try OctetPattern("HB;")])
        #expect(filter.received(Array("/ABC5\r\n".utf8)) == Array("/ABC5\r\n".utf8))
        #expect(filter.received(Array("HA".utf8)) == Array("HA".utf8))
    }
}
