// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@testable import DLMSEngine

@Suite("The extent of a value is found without decoding it")
struct DataExtentTests {
    static let values = [
        "00", "0301", "040CABC0", "0400", "05FFFFFFFE", "06FFFFFFFF", "090400FF807F", "0900", "0A0548656C6C6F",
        "0C06E282ACE282AC", "0D42", "0FFF", "10FED4", "11C8", "12EA60", "148000000000000000", "15FFFFFFFFFFFFFFFF",
        "1607", "17BFC00000", "18400921FB54442D18", "1907EA021C06173B3B32FFC400", "1A07EA021C06", "1B173B3B32",
        "1C01", "1D0001", "1E00000001", "1F01", "200001", "2100000001", "FF",
        "0103100001100002100003", "020309020102110516FF", "0102010211011102010100", "0100",
        "130202111206010002020003", "13010002 11 04 01020304",
    ]

    @Test("Of every type, with anything after it", arguments: values)
    func extent(text: String) throws {
        let octets = hex(text)
        var reader = OctetReader(octets + [0xAA, 0xBB])
        #expect(try DataExtent.read(&reader) == octets)
        #expect(reader.remaining == 2)
    }

    @Test("Every strict prefix is cut off", arguments: values)
    func prefixes(text: String) {
        let octets = hex(text)
        for length in 0..<octets.count {
            var reader = OctetReader(Array(octets.prefix(length)))
            #expect(throws: DecodeError.self) { try DataExtent.read(&reader) }
        }
    }

    @Test("Deep nesting costs no stack")
    func deep() throws {
        let octets = [UInt8](repeating: 0, count: 100_000).enumerated().map { $0.offset % 2 == 0 ? UInt8(2) : 1 } + [0]
        var reader = OctetReader(octets)
        #expect(try DataExtent.read(&reader).count == octets.count)
    }
}
