// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Makes rows of a profile's buffer while its octets arrive.
///
/// Feed the encoded value of attribute 2 in pieces of any size; complete rows can be taken at any time. Only an
/// incomplete row is kept back. A buffer sent as a compact array is kept until it is complete.
///
/// Rows of equal layout, which is what meters send, are decoded in place by the layout of the row before; no tree of
/// values is built for them.
public struct ProfileRowDecoder: Sendable {
    private enum State {
        case atStart
        case inRows(left: Int)
        case inCompactArray
        case atEnd
    }

    /// A row may not be longer than this.
    public static let maximumRowOctets = 65_536
    /// A buffer sent as a compact array may not be longer than this.
    public static let maximumCompactOctets = 16 << 20

    private let layout: ProfileLayout
    private let expandsNull: Bool
    private var state = State.atStart
    private var rows: ProfileRows
    private var clock: ProfileClock
    private var plan: RowPlan?
    private var pending: [UInt8] = []
    private var previousCells: [ProfileCell]
    private var previousOthers: [Int: DLMSData] = [:]
    private var previousStatus: UInt64?
    private var rowIndex = 0

    /// Makes a decoder for one buffer.
    public init(layout: ProfileLayout, options: ProfileDecodingOptions) {
        self.layout = layout
        expandsNull = options.expandsNull
        rows = ProfileRows(layout: layout)
        clock = ProfileClock(options: options)
        previousCells = Array(repeating: .null, count: layout.columns.count)
    }

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
        if case .inCompactArray = state {
            guard pending.count <= Self.maximumCompactOctets else {
                throw .tooLong(limitInOctets: Self.maximumCompactOctets)
            }
        } else {
            guard pending.count <= Self.maximumRowOctets else { throw .tooLong(limitInOctets: Self.maximumRowOctets) }
        }
    }

    /// Hands out the rows that are complete and forgets them.
    public mutating func takeRows() -> ProfileRows {
        var taken = ProfileRows(layout: layout)
        swap(&taken, &rows)
        return taken
    }

    /// Says that no more octets come.
    /// - Throws: `ProfileError.truncated` if rows are missing, `trailingOctets` if something is left over.
    public mutating func finish() throws(ProfileError) {
        if case .inCompactArray = state { try decodeCompactArray() }
        switch state {
        case .atStart, .inCompactArray: throw .truncated(missingRows: 0)
        case .inRows(let left): throw .truncated(missingRows: left)
        case .atEnd: guard pending.isEmpty else { throw .trailingOctets(pending.count) }
        }
    }

    private mutating func decode(_ input: [UInt8], from position: inout Int) throws(ProfileError) {
        if case .atStart = state {
            guard let tag = input.first else { return }
            switch tag {
            case DataTag.nullData.rawValue:
                position = 1
                state = .atEnd
            case DataTag.compactArray.rawValue: state = .inCompactArray
            case DataTag.array.rawValue:
                var reader = OctetReader(input[1...])
                do {
                    let count = try reader.readLength()
                    position = 1 + reader.offset
                    state = count == 0 ? .atEnd : .inRows(left: count)
                } catch {
                    guard error.isTruncation else { throw .malformed(error) }
                    return
                }
            default: throw .notABuffer(tag: tag)
            }
        }
        guard case .inRows(var left) = state else { return }
        while left > 0, try decodeRow(input, at: &position) {
            left -= 1
            rowIndex += 1
        }
        state = left == 0 ? .atEnd : .inRows(left: left)
    }

    /// Decodes one row; false if it is not complete yet.
    private mutating func decodeRow(_ input: [UInt8], at position: inout Int) throws(ProfileError) -> Bool {
        if let plan, plan.matches(input, at: position) {
            append(plan, input, at: position)
            position += plan.length
            return true
        }
        guard position < input.count else { return false }
        guard input[position] == DataTag.structure.rawValue else {
            throw .notARow(index: rowIndex, tag: input[position])
        }
        var reader = OctetReader(input[(position + 1)...])
        do {
            let count = try reader.readLength()
            guard count <= layout.columns.count else {
                throw ProfileError.tooManyColumns(index: rowIndex, expected: layout.columns.count, found: count)
            }
            var members: [DLMSData] = []
            members.reserveCapacity(count)
            for _ in 0..<count { members.append(try DLMSData(decoding: &reader)) }
            append(members)
            let length = 1 + reader.offset
            plan = count == layout.columns.count ? RowPlan(members: members, layout: layout, length: length) : nil
            position += length
            return true
        } catch let error as ProfileError {
            throw error
        } catch let error as DecodeError {
            guard error.isTruncation else { throw .malformed(error) }
            return false
        } catch {
            return false
        }
    }

    private mutating func append(_ plan: RowPlan, _ input: [UInt8], at position: Int) {
        var time: ProfileTime?
        var status: UInt64?
        for column in plan.columns {
            let cell = column.cell(input, at: position)
            if column.role == .value {
                rows.cells.append(cell)
                if expandsNull { previousCells[column.index] = cell }
                continue
            }
            rows.cells.append(.null)
            if column.role == .time {
                if column.type == .octetString || column.type == .dateTime {
                    time = clock.time(of: column.dateTime(input, at: position))
                } else if case .integer(let seconds) = cell {
                    time = clock.time(ofUNIX: seconds)
                }
            } else if case .integer(let word) = cell {
                status = UInt64(bitPattern: word)
            } else if case .unsigned(let word) = cell {
                status = word
            }
        }
        previousStatus = status
        rows.times.append(time)
        rows.statuses.append(status)
        rows.marks.append(ProfileRows.Marks())
    }

    private mutating func append(_ members: [DLMSData]) {
        var time: ProfileTime?
        var status: UInt64?
        var marks = ProfileRows.Marks()
        marks.isShort = members.count < layout.columns.count
        for (index, column) in layout.columns.enumerated() {
            guard index < members.count else {
                rows.cells.append(.null)
                continue
            }
            let member = members[index]
            let isNull = member == .nullData
            switch column.role {
            case .time:
                rows.cells.append(.null)
                if isNull {
                    let derived = clock.timeOfNull()
                    time = derived.time
                    marks.hasRangeTime = derived.isRangeStart
                    marks.inferredColumns |= index < 64 ? 1 << UInt64(index) : 0
                } else {
                    time = self.time(of: member)
                }
            case .status:
                rows.cells.append(.null)
                if isNull, expandsNull {
                    status = previousStatus
                    marks.inferredColumns |= index < 64 ? 1 << UInt64(index) : 0
                } else {
                    status = member.statusWord
                    previousStatus = status
                }
            case .value:
                if isNull, expandsNull, rowIndex > 0 {
                    marks.inferredColumns |= index < 64 ? 1 << UInt64(index) : 0
                    appendRepeated(index)
                } else {
                    appendValue(member, column: index)
                }
            }
        }
        rows.times.append(time)
        rows.statuses.append(status)
        rows.marks.append(marks)
    }

    private mutating func appendRepeated(_ column: Int) {
        if let other = previousOthers[column] {
            rows.cells.append(.other(rows.others.count))
            rows.others.append(other)
        } else {
            rows.cells.append(previousCells[column])
        }
    }

    private mutating func appendValue(_ data: DLMSData, column: Int) {
        if let cell = ProfileCell(data) {
            rows.cells.append(cell)
            previousCells[column] = cell
            previousOthers[column] = nil
        } else {
            rows.cells.append(.other(rows.others.count))
            rows.others.append(data)
            previousOthers[column] = data
        }
    }

    private mutating func time(of data: DLMSData) -> ProfileTime? {
        switch data {
        case .octetString(let octets):
            guard let dateTime = try? COSEMDateTime(octets: octets) else { return nil }
            return clock.time(of: dateTime)
        case .dateTime(let dateTime): return clock.time(of: dateTime)
        default: return data.integerValue.flatMap { clock.time(ofUNIX: $0) }
        }
    }

    /// Decodes a buffer that came as a compact array, as a tree: meters send short ones this way.
    private mutating func decodeCompactArray() throws(ProfileError) {
        let elements: [DLMSData]
        do {
            var reader = OctetReader(pending)
            guard case .compactArray(let compact) = try DLMSData(decoding: &reader) else {
                throw ProfileError.notABuffer(tag: pending.first ?? 0)
            }
            pending = reader.readRest()
            elements = try compact.elements()
        } catch let error as ProfileError {
            throw error
        } catch let error as DecodeError {
            if error.isTruncation { throw .truncated(missingRows: 0) }
            throw .malformed(error)
        } catch {
            throw .truncated(missingRows: 0)
        }
        for element in elements {
            guard case .structure(let members) = element else { throw .notARow(index: rowIndex, tag: element.tag) }
            guard members.count <= layout.columns.count else {
                throw .tooManyColumns(index: rowIndex, expected: layout.columns.count, found: members.count)
            }
            append(members)
            rowIndex += 1
        }
        state = .atEnd
    }
}
