// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Where the cells of a row lie when the next row has the same types as the one before.
struct RowPlan: Sendable {
    struct Column: Sendable {
        let index: Int
        let role: ProfileColumn.Role
        let type: DataTag
        /// Where the tag is, in octets from the start of the row.
        let tagOffset: Int
        /// Where the content is, in octets from the start of the row.
        let contentOffset: Int

        /// The value of a column of numbers; null for others.
        @inline(__always)
        func cell(_ input: [UInt8], at position: Int) -> ProfileCell {
            let start = position + contentOffset
            switch type {
            case .doubleLongUnsigned: return .integer(Int64(Self.read(input, start, 4)))
            case .unsigned: return .integer(Int64(input[start]))
            case .longUnsigned: return .integer(Int64(Self.read(input, start, 2)))
            case .integer: return .integer(Int64(Int8(bitPattern: input[start])))
            case .long: return .integer(Int64(Int16(truncatingIfNeeded: Self.read(input, start, 2))))
            case .doubleLong: return .integer(Int64(Int32(truncatingIfNeeded: Self.read(input, start, 4))))
            case .long64: return .integer(Int64(bitPattern: Self.read(input, start, 8)))
            case .long64Unsigned:
                let value = Self.read(input, start, 8)
                return Int64(exactly: value).map { .integer($0) } ?? .unsigned(value)
            case .boolean: return .boolean(input[start] != 0)
            case .float32: return .float32(UInt32(truncatingIfNeeded: Self.read(input, start, 4)))
            case .float64: return .float64(Self.read(input, start, 8))
            default: return .null
            }
        }

        /// The date-time of a time column.
        @inline(__always)
        func dateTime(_ input: [UInt8], at position: Int) -> COSEMDateTime {
            let start = position + contentOffset
            var dateTime = COSEMDateTime(
                date: COSEMDate(
                    rawYear: UInt16(input[start]) << 8 | UInt16(input[start + 1]),
                    rawMonth: input[start + 2],
                    rawDayOfMonth: input[start + 3],
                    rawDayOfWeek: input[start + 4]
                ),
                time: COSEMTime(
                    rawHour: input[start + 5],
                    rawMinute: input[start + 6],
                    rawSecond: input[start + 7],
                    rawHundredths: input[start + 8]
                )
            )
            dateTime.rawDeviation = Int16(bitPattern: UInt16(input[start + 9]) << 8 | UInt16(input[start + 10]))
            dateTime.rawClockStatus = input[start + 11]
            return dateTime
        }

        @inline(__always)
        private static func read(_ input: [UInt8], _ start: Int, _ count: Int) -> UInt64 {
            var value: UInt64 = 0
            for index in start..<start + count { value = value << 8 | UInt64(input[index]) }
            return value
        }
    }

    let columns: [Column]
    /// The length of a row in octets, with its tag and count.
    let length: Int

    /// Makes the plan of a row; nil if a cell is null or has no fixed length.
    init?(members: [DLMSData], layout: ProfileLayout, length: Int) {
        // Longer counts have a length of their own, which no plan is worth.
        guard members.count < 0x80 else { return nil }
        var columns: [Column] = []
        var offset = 2
        for (index, member) in members.enumerated() {
            let role = layout.columns[index].role
            let type = member.dataTag
            var content = offset + 1
            let width: Int
            switch member {
            case .octetString(let octets) where role == .time && octets.count == 12:
                content += 1
                width = 12
            case .dateTime where role == .time: width = 12
            default:
                guard let cell = ProfileCell(member), cell != .null, let fixed = type.width else { return nil }
                width = fixed
            }
            columns.append(
                Column(index: index, role: role, type: type, tagOffset: offset, contentOffset: content)
            )
            offset = content + width
        }
        // A length written in more octets than needed moves everything.
        guard offset == length else { return nil }
        self.columns = columns
        self.length = length
    }

    /// Whether a complete row with these types begins at a place.
    @inline(__always)
    func matches(_ input: [UInt8], at position: Int) -> Bool {
        guard input.count - position >= length, input[position] == DataTag.structure.rawValue,
            Int(input[position + 1]) == columns.count
        else { return false }
        for column in columns {
            guard input[position + column.tagOffset] == column.type.rawValue else { return false }
            if column.type == .octetString, input[position + column.tagOffset + 1] != 12 { return false }
        }
        return true
    }
}

extension ProfileCell {
    /// The cell of a number or null; nil for anything else.
    init?(_ data: DLMSData) {
        switch data {
        case .nullData: self = .null
        case .boolean(let flag): self = .boolean(flag)
        case .float32(let bits): self = .float32(bits)
        case .float64(let bits): self = .float64(bits)
        case .long64Unsigned(let value): self = Int64(exactly: value).map { .integer($0) } ?? .unsigned(value)
        case .integer, .long, .doubleLong, .long64, .unsigned, .longUnsigned, .doubleLongUnsigned:
            guard let value = data.integerValue else { return nil }
            self = .integer(value)
        case .array, .structure, .bitString, .octetString, .visibleString, .utf8String, .bcd, .compactArray,
            .enumeration, .dateTime, .date, .time, .deltaInteger, .deltaLong, .deltaDoubleLong, .deltaUnsigned,
            .deltaLongUnsigned, .deltaDoubleLongUnsigned, .dontCare:
            return nil
        }
    }
}

extension DLMSData {
    /// A status word from any integer type, or from a bit-string whose first bit is bit 0.
    var statusWord: UInt64? {
        if case .bitString(let bits) = self, bits.count <= 64 {
            return (0..<bits.count).reduce(0) { bits[$1] ? $0 | 1 << UInt64($1) : $0 }
        }
        if case .long64Unsigned(let word) = self { return word }
        return integerValue.map { UInt64(bitPattern: $0) }
    }
}
