// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Makes rows of a profile's buffer while its octets arrive.
///
/// Feed the encoded value of attribute 2 in pieces of any size; complete rows can be taken at any time. Only an
/// incomplete row is kept back, of an array as of a compact array.
///
/// Rows of equal layout, which is what meters send, are decoded in place by the layout of the row before; no tree of
/// values is built for them. Cells of null-data repeat the row before, differences (delta types) are added to it.
public struct ProfileRowDecoder: Sendable {
    private enum State {
        case atStart
        case inRows(left: Int)
        case inCompactArray(TypeDescription, left: Int)
        case atEnd
    }

    /// A row may not be longer than this.
    public static let maximumRowOctets = 65_536

    let layout: ProfileLayout
    let options: ProfileDecodingOptions
    var rows: ProfileRows
    var clock: ProfileClock
    /// Which member of a row is which column; settled by the first row.
    var mapping: ColumnMapping?
    var previousCells: [ProfileCell]
    var previousOthers: [Int: DLMSData] = [:]
    var previousStatus: UInt64?
    var previousUNIXTime: Int64?
    var rowIndex = 0
    private let rowLayout: ProfileLayout
    private var state = State.atStart
    private var plan: RowPlan?
    /// How many rows went by since the plan was made, and how many of them by the plan.
    private var planUse = (rows: 0, hits: 0)
    private var pending: [UInt8] = []

    /// How many rows the meter says that the buffer has; nil before it has said so, and in a compact array.
    public private(set) var announcedRows: Int?
    /// Whether rows have all columns although only some were expected; nil without that, and before the first row.
    public private(set) var sendsAllColumns: Bool?

    /// Makes a decoder for one buffer.
    /// - Parameters:
    ///   - layout: All columns of the profile.
    ///   - options: What else must be known; rows are made of the columns wanted there.
    public init(layout: ProfileLayout, options: ProfileDecodingOptions) {
        self.layout = layout
        self.options = options
        rowLayout = options.columns.map { layout.selecting($0) } ?? layout
        rows = ProfileRows(layout: rowLayout)
        clock = ProfileClock(options: options)
        previousCells = Array(repeating: .null, count: rowLayout.columns.count)
    }

    /// How many octets wait for the rest of their row.
    public var pendingCount: Int { pending.count }

    /// Takes the next octets of the buffer.
    /// - Throws: `ProfileError` when they cannot be part of a buffer; the rows before stay available.
    public mutating func feed(_ octets: [UInt8]) throws(ProfileError) {
        var input: [UInt8]
        if pending.isEmpty {
            input = octets
        } else {
            input = []
            swap(&input, &pending)
            input.append(contentsOf: octets)
        }
        var position = 0
        try decode(input, from: &position)
        if position < input.count {
            pending = position == 0 ? input : Array(input[position...])
        }
        guard pending.count <= Self.maximumRowOctets else { throw .tooLong(limitInOctets: Self.maximumRowOctets) }
    }

    /// Hands out the rows that are complete and forgets them.
    public mutating func takeRows() -> ProfileRows {
        var taken = ProfileRows(layout: rowLayout)
        swap(&taken, &rows)
        return taken
    }

    /// Says that no more octets come.
    /// - Throws: `ProfileError.truncated` if rows are missing, `trailingOctets` if something is left over.
    public mutating func finish() throws(ProfileError) {
        switch state {
        case .atStart, .inCompactArray: throw .truncated(missingRows: 0)
        case .inRows(let left): throw .truncated(missingRows: left)
        case .atEnd: guard pending.isEmpty else { throw .trailingOctets(pending.count) }
        }
    }

    private mutating func decode(_ input: [UInt8], from position: inout Int) throws(ProfileError) {
        if case .atStart = state { try begin(input, at: &position) }
        switch state {
        case .atStart, .atEnd: return
        case .inRows(var left):
            while left > 0, try decodeRow(input, at: &position) { left -= 1 }
            state = left == 0 ? .atEnd : .inRows(left: left)
        case .inCompactArray(let type, var left):
            let end = min(input.count, position + left)
            while left > 0 {
                let before = position
                guard try decodeElement(type, input, at: &position, end: end, isLast: end - position == left) else {
                    break
                }
                left -= position - before
            }
            state = left == 0 ? .atEnd : .inCompactArray(type, left: left)
        }
    }

    /// Reads what stands in front of the first row.
    private mutating func begin(_ input: [UInt8], at position: inout Int) throws(ProfileError) {
        guard let tag = input.first else { return }
        var reader = OctetReader(input[1...])
        do {
            switch tag {
            case DataTag.nullData.rawValue:
                announcedRows = 0
                state = .atEnd
            case DataTag.array.rawValue:
                let count = try reader.readLength()
                announcedRows = count
                state = count == 0 ? .atEnd : .inRows(left: count)
            case DataTag.compactArray.rawValue:
                let type = try TypeDescription(decoding: &reader)
                let length = try reader.readLength()
                guard length == 0 || type.canTakeOctets else { throw ProfileError.notARow(index: 0, tag: tag) }
                state = length == 0 ? .atEnd : .inCompactArray(type, left: length)
            default: throw ProfileError.notABuffer(tag: tag)
            }
            position = 1 + reader.offset
        } catch let error as ProfileError {
            throw error
        } catch let error as DecodeError {
            guard error.isIncomplete else { throw .malformed(error) }
        } catch {}
    }

    /// Decodes one row of an array; false if it is not complete yet.
    private mutating func decodeRow(_ input: [UInt8], at position: inout Int) throws(ProfileError) -> Bool {
        if let plan, plan.matches(input, at: position, end: input.count) {
            append(plan, input, at: position)
            position += plan.length
            planUse.rows &+= 1
            planUse.hits &+= 1
            rowIndex += 1
            return true
        }
        guard position < input.count else { return false }
        guard input[position] == DataTag.structure.rawValue else {
            throw .notARow(index: rowIndex, tag: input[position])
        }
        var reader = OctetReader(input[(position + 1)...])
        do {
            let count = try reader.readLength()
            try checkWidth(count)
            var members: [DLMSData] = []
            members.reserveCapacity(count)
            for _ in 0..<count { members.append(try DLMSData(decoding: &reader)) }
            try append(members, length: 1 + reader.offset, isTagged: true)
            position += 1 + reader.offset
            return true
        } catch let error as ProfileError {
            throw error
        } catch let error as DecodeError {
            guard error.isIncomplete else { throw .malformed(error) }
            return false
        } catch {
            return false
        }
    }

    /// Decodes one element of a compact array; false if it is not complete yet.
    private mutating func decodeElement(
        _ type: TypeDescription,
        _ input: [UInt8],
        at position: inout Int,
        end: Int,
        isLast: Bool
    ) throws(ProfileError) -> Bool {
        if let plan, plan.matches(input, at: position, end: end) {
            append(plan, input, at: position)
            position += plan.length
            rowIndex += 1
            return true
        }
        var reader = OctetReader(input[position..<end])
        do {
            let element = try DLMSData(decodingUntagged: type, from: &reader)
            // A profile of one column may be an array of its values.
            var members = [element]
            if case .structure(let several) = element { members = several }
            try checkWidth(members.count)
            try append(members, length: reader.offset, isTagged: false)
            position += reader.offset
            return true
        } catch let error as ProfileError {
            throw error
        } catch let error as DecodeError {
            guard error.isIncomplete, !isLast else { throw .malformed(error) }
            return false
        } catch {
            return false
        }
    }

    /// Settles which column is which, by the width of the first row.
    private mutating func checkWidth(_ count: Int) throws(ProfileError) {
        let all = layout.columns.count
        if mapping == nil {
            let sent = options.sentColumns ?? options.columns
            // A meter that selects no columns sends them all.
            let hasAll = sent.map { count != $0.count && (count == all || (!options.isStrict && count > $0.count)) }
            mapping = ColumnMapping(layout: layout, wanted: options.columns, present: hasAll == true ? nil : sent)
            sendsAllColumns = hasAll
        }
        let width = mapping?.width ?? all
        guard count == width || (count < width && !options.isStrict) else {
            throw .otherWidth(index: rowIndex, expected: width, found: count)
        }
    }

    private mutating func append(_ members: [DLMSData], length: Int, isTagged: Bool) throws(ProfileError) {
        try append(members)
        rowIndex += 1
        planUse.rows &+= 1
        // Where the types change from row to row, a new plan for each would cost more than it gives.
        if plan == nil || planUse.hits > 0 || planUse.rows >= 16, let mapping {
            plan = RowPlan(members: members, mapping: mapping, length: length, isTagged: isTagged)
            planUse = (0, 0)
        }
    }
}

extension DecodeError {
    /// Whether more octets could mend it.
    fileprivate var isIncomplete: Bool {
        switch reason {
        case .truncated, .countTooLarge: true
        default: false
        }
    }
}

extension TypeDescription {
    /// Whether an element has octets, so that a number of octets bounds the number of elements.
    fileprivate var canTakeOctets: Bool {
        switch self {
        case .simple(let tag): tag.width != 0
        case .array(let count, let element): count > 0 && element.canTakeOctets
        case .structure(let members): members.contains { $0.canTakeOctets }
        }
    }
}
