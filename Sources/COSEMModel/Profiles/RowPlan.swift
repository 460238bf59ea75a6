// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Where the cells of a row lie when the next row has the same types as the one before.
struct RowPlan: Sendable {
    struct Column: Sendable {
        /// The place among the columns of the rows made; negative if the column is dropped.
        let target: Int
        let role: ProfileColumn.Role
        let type: DataTag
        /// Where the tag is, in octets from the start of the row; a length stands behind it if there is one.
        let tagOffset: Int
        /// Where the content is, in octets from the start of the row.
        let contentOffset: Int

        /// The number in a column of numbers or differences; null for others.
        @inline(__always)
        func cell(_ input: [UInt8], at position: Int) -> ProfileCell {
            let start = position + contentOffset
            switch type {
            case .doubleLongUnsigned, .deltaDoubleLongUnsigned: return .integer(Int64(Self.read(input, start, 4)))
            case .unsigned, .deltaUnsigned: return .integer(Int64(input[start]))
            case .longUnsigned, .deltaLongUnsigned: return .integer(Int64(Self.read(input, start, 2)))
            case .integer, .deltaInteger: return .integer(Int64(Int8(bitPattern: input[start])))
            case .long, .deltaLong: return .integer(Int64(Int16(truncatingIfNeeded: Self.read(input, start, 2))))
            case .doubleLong, .deltaDoubleLong:
                return .integer(Int64(Int32(truncatingIfNeeded: Self.read(input, start, 4))))
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
    /// Rows of a compact array have neither tag nor count, and their cells no tags.
    private let isTagged: Bool

    /// Makes the plan of a row; nil if a cell has no fixed length.
    init?(members: [DLMSData], mapping: ColumnMapping, length: Int, isTagged: Bool) {
        // Longer counts have a length of their own, which no plan is worth.
        guard members.count < 0x80, members.count == mapping.width else { return nil }
        var columns: [Column] = []
        columns.reserveCapacity(members.count)
        var offset = isTagged ? 2 : 0
        for (index, member) in members.enumerated() {
            let role = mapping.role(index)
            let type = member.dataTag
            var content = offset + (isTagged ? 1 : 0)
            let width: Int
            switch member {
            case .octetString(let octets) where role == .time && octets.count == 12:
                content += 1
                width = 12
            case .dateTime where role == .time: width = 12
            default:
                guard ProfileCell(member) != nil || type.isDelta, let fixed = type.width else { return nil }
                width = fixed
            }
            columns.append(
                Column(
                    target: mapping.target(index),
                    role: role,
                    type: type,
                    tagOffset: offset,
                    contentOffset: content
                )
            )
            offset = content + width
        }
        // A length written in more octets than needed moves everything.
        guard offset == length else { return nil }
        self.columns = columns
        self.length = length
        self.isTagged = isTagged
    }

    /// Whether a complete row with these types begins at a place, and ends before another.
    @inline(__always)
    func matches(_ input: [UInt8], at position: Int, end: Int) -> Bool {
        guard end - position >= length else { return false }
        guard isTagged else {
            return columns.allSatisfy { $0.type != .octetString || input[position + $0.tagOffset] == 12 }
        }
        guard input[position] == DataTag.structure.rawValue, Int(input[position + 1]) == columns.count else {
            return false
        }
        for column in columns {
            guard input[position + column.tagOffset] == column.type.rawValue else { return false }
            if column.type == .octetString, input[position + column.tagOffset + 1] != 12 { return false }
        }
        return true
    }
}

/// Which member of a row belongs to which column of the rows made.
struct ColumnMapping: Sendable {
    private let targets: [Int]
    private let roles: [ProfileColumn.Role]

    /// Makes the mapping of rows that have the present columns; all of them without a list.
    init(layout: ProfileLayout, wanted: [Int]?, present: [Int]?) {
        let present = present ?? Array(layout.columns.indices)
        targets = present.map { place in wanted.map { $0.firstIndex(of: place) ?? -1 } ?? place }
        roles = present.map { layout.columns[$0].role }
    }

    /// How many members a row has.
    var width: Int { targets.count }

    /// The place of a member among the columns of the rows made; negative if it is dropped.
    func target(_ member: Int) -> Int { targets[member] }

    /// What part a member plays.
    func role(_ member: Int) -> ProfileColumn.Role { roles[member] }
}

extension DataTag {
    /// Whether the type is a difference to the value before.
    var isDelta: Bool {
        switch self {
        case .deltaInteger, .deltaLong, .deltaDoubleLong, .deltaUnsigned, .deltaLongUnsigned, .deltaDoubleLongUnsigned:
            true
        default: false
        }
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
