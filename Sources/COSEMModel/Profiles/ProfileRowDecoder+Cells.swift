// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Cells into rows: repeating, adding differences, making times.
extension ProfileRowDecoder {
    /// Appends a row that lies as the one before.
    @inline(__always)
    mutating func append(_ plan: RowPlan, _ input: [UInt8], at position: Int) {
        var time: ProfileTime?
        var status: UInt64?
        var marks = ProfileRows.Marks()
        for column in plan.columns where column.target >= 0 {
            switch column.role {
            case .value:
                if column.type == .nullData {
                    appendNull(column.target, &marks)
                } else if column.type.isDelta {
                    appendDifference(column.cell(input, at: position), column.target, &marks)
                } else {
                    let cell = column.cell(input, at: position)
                    rows.cells.append(cell)
                    previousCells[column.target] = cell
                    if !previousOthers.isEmpty { previousOthers[column.target] = nil }
                }
            case .time:
                rows.cells.append(.null)
                switch column.type {
                case .octetString, .dateTime: time = clock.time(of: column.dateTime(input, at: position))
                case .nullData: time = timeOfNull(column.target, &marks)
                default:
                    if case .integer(let seconds) = column.cell(input, at: position) {
                        time = unixTime(seconds, isDifference: column.type.isDelta)
                    }
                }
            case .status:
                rows.cells.append(.null)
                if column.type == .nullData {
                    status = statusOfNull(column.target, &marks)
                } else {
                    switch column.cell(input, at: position) {
                    case .integer(let word): status = UInt64(bitPattern: word)
                    case .unsigned(let word): status = word
                    default: break
                    }
                    previousStatus = status
                }
            }
        }
        rows.times.append(time)
        rows.statuses.append(status)
        rows.marks.append(marks)
    }

    /// Appends a row from its members.
    mutating func append(_ members: [DLMSData]) throws(ProfileError) {
        guard let mapping else { return }
        if options.isStrict { try check(members, mapping) }
        var time: ProfileTime?
        var status: UInt64?
        var marks = ProfileRows.Marks()
        marks.isShort = members.count < mapping.width
        for index in 0..<mapping.width where mapping.target(index) >= 0 {
            let target = mapping.target(index)
            guard index < members.count else {
                rows.cells.append(.null)
                continue
            }
            let member = members[index]
            switch mapping.role(index) {
            case .time:
                rows.cells.append(.null)
                time = member == .nullData ? timeOfNull(target, &marks) : self.time(of: member)
            case .status:
                rows.cells.append(.null)
                if member == .nullData {
                    status = statusOfNull(target, &marks)
                } else {
                    status = member.statusWord
                    previousStatus = status
                }
            case .value:
                if member == .nullData {
                    appendNull(target, &marks)
                } else if let difference = member.difference {
                    appendDifference(.integer(difference), target, &marks)
                } else {
                    appendValue(member, target)
                }
            }
        }
        rows.times.append(time)
        rows.statuses.append(status)
        rows.marks.append(marks)
    }

    /// Refuses a row whose cells cannot be those of the columns.
    private func check(_ members: [DLMSData], _ mapping: ColumnMapping) throws(ProfileError) {
        for (index, member) in members.enumerated() where mapping.target(index) >= 0 {
            let column = rows.layout.columns[mapping.target(index)]
            let isPossible: Bool
            switch (column.role, member) {
            case (_, .nullData): isPossible = true
            case (.time, .octetString(let octets)): isPossible = octets.count == 12
            case (.time, .dateTime): isPossible = true
            case (.time, _): isPossible = member.integerValue != nil || member.difference != nil
            case (.status, _): isPossible = member.statusWord != nil
            case (.value, .octetString(let octets)): isPossible = !column.isQuantity || octets.count != 12
            case (.value, .dateTime), (.value, .structure), (.value, .array): isPossible = !column.isQuantity
            case (.value, _): isPossible = true
            }
            guard isPossible else {
                throw .otherType(index: rowIndex, column: column.key, typeName: member.typeName)
            }
        }
    }

    private mutating func appendNull(_ column: Int, _ marks: inout ProfileRows.Marks) {
        guard options.expandsNull, rowIndex > 0 else {
            rows.cells.append(.null)
            return
        }
        marks.infer(column)
        if let other = previousOthers[column] {
            rows.cells.append(.other(rows.others.count))
            rows.others.append(other)
        } else {
            rows.cells.append(previousCells[column])
        }
    }

    private mutating func appendDifference(_ cell: ProfileCell, _ column: Int, _ marks: inout ProfileRows.Marks) {
        guard case .integer(let difference) = cell, previousOthers[column] == nil,
            let sum = previousCells[column].adding(difference)
        else {
            marks.lacksBase = true
            rows.cells.append(.null)
            return
        }
        rows.cells.append(sum)
        previousCells[column] = sum
    }

    private mutating func appendValue(_ data: DLMSData, _ column: Int) {
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

    private mutating func timeOfNull(_ column: Int, _ marks: inout ProfileRows.Marks) -> ProfileTime? {
        guard options.expandsNull else { return nil }
        marks.infer(column)
        return clock.timeOfNull()
    }

    private mutating func statusOfNull(_ column: Int, _ marks: inout ProfileRows.Marks) -> UInt64? {
        guard options.expandsNull else { return nil }
        marks.infer(column)
        return previousStatus
    }

    private mutating func time(of data: DLMSData) -> ProfileTime? {
        switch data {
        case .octetString(let octets):
            guard let dateTime = try? COSEMDateTime(octets: octets) else { return nil }
            return clock.time(of: dateTime)
        case .dateTime(let dateTime): return clock.time(of: dateTime)
        default:
            if let difference = data.difference { return unixTime(difference, isDifference: true) }
            return data.integerValue.flatMap { unixTime($0, isDifference: false) }
        }
    }

    private mutating func unixTime(_ seconds: Int64, isDifference: Bool) -> ProfileTime? {
        guard isDifference else {
            previousUNIXTime = seconds
            return clock.time(ofUNIX: seconds)
        }
        guard let before = previousUNIXTime else { return nil }
        let (sum, overflow) = before.addingReportingOverflow(seconds)
        guard !overflow else { return nil }
        previousUNIXTime = sum
        return clock.time(ofUNIX: sum)
    }
}

extension ProfileRows.Marks {
    /// Notes that a column was null and repeats the row before, or was derived.
    @inline(__always)
    public mutating func infer(_ column: Int) {
        if column < 64 { inferredColumns |= 1 << UInt64(column) }
    }
}

extension ProfileCell {
    /// The number and a difference to it; nil if it is none, or the sum does not fit.
    fileprivate func adding(_ difference: Int64) -> ProfileCell? {
        switch self {
        case .integer(let value):
            let (sum, overflow) = value.addingReportingOverflow(difference)
            return overflow ? nil : .integer(sum)
        case .unsigned(let value):
            // 64 bits and what is added to them fit into 128.
            let sum = Int128(value) + Int128(difference)
            return Int64(exactly: sum).map { .integer($0) } ?? UInt64(exactly: sum).map { .unsigned($0) }
        case .null, .boolean, .float32, .float64, .other: return nil
        }
    }
}

extension DLMSData {
    /// The difference to the value before, if the type is one.
    fileprivate var difference: Int64? {
        switch self {
        case .deltaInteger(let value): Int64(value)
        case .deltaLong(let value): Int64(value)
        case .deltaDoubleLong(let value): Int64(value)
        case .deltaUnsigned(let value): Int64(value)
        case .deltaLongUnsigned(let value): Int64(value)
        case .deltaDoubleLongUnsigned(let value): Int64(value)
        default: nil
        }
    }
}
