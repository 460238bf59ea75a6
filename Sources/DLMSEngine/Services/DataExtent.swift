// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Finds where a Data ends without decoding it, so that values can be kept as octets.
enum DataExtent {
    /// Takes one complete Data off the front of a reader and returns its octets.
    ///
    /// Works without recursion: nesting costs no stack, and counts are bounded by the octets left.
    ///
    /// - Throws: `DecodeError` when the octets end before the Data does, or for a tag that is no Data.
    static func read(_ reader: inout OctetReader) throws(DecodeError) -> [UInt8] {
        var whole = reader
        let start = reader.offset
        var pending = 1
        while pending > 0 {
            pending -= 1
            pending += try skipOne(&reader)
        }
        return try whole.readOctets(count: reader.offset - start)
    }

    /// Skips a tag with its content; returns how many elements of an array or structure follow.
    private static func skipOne(_ reader: inout OctetReader) throws(DecodeError) -> Int {
        let start = reader.offset
        let tag = try reader.readUInt8("Data tag")
        switch tag {
        case 0, 255: return 0
        case 1, 2:
            // Every element has at least its tag, so the count is bounded by the octets left.
            return try reader.readCount("count of elements")
        case 4:
            let bits = try reader.readLength()
            try skip(bits / 8 + (bits % 8 == 0 ? 0 : 1), &reader)
        case 9, 10, 12: try skip(try reader.readLength(), &reader)
        case 3, 13, 15, 17, 22, 28, 31: try skip(1, &reader)
        case 16, 18, 29, 32: try skip(2, &reader)
        case 5, 6, 23, 27, 30, 33: try skip(4, &reader)
        case 20, 21, 24: try skip(8, &reader)
        case 25: try skip(12, &reader)
        case 26: try skip(5, &reader)
        case 19:
            try skipTypeDescription(&reader)
            try skip(try reader.readLength(), &reader)
        default: throw DecodeError(.unknownTag(tag), at: start, what: "Data")
        }
        return 0
    }

    /// Skips the type description of a compact-array, which is a tree of tags.
    private static func skipTypeDescription(_ reader: inout OctetReader) throws(DecodeError) {
        var pending = 1
        while pending > 0 {
            pending -= 1
            switch try reader.readUInt8("type description") {
            case 1:
                try skip(2, &reader)
                pending += 1
            case 2:
                pending += try reader.readCount("type description")
            default: break
            }
        }
    }

    private static func skip(_ count: Int, _ reader: inout OctetReader) throws(DecodeError) {
        _ = try reader.readSlice(count: count)
    }
}
