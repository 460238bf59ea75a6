// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import JSONText

/// Writes columns and rows of a profile as JSON, values as exact scaled numbers.
public struct ProfileRowWriter: Sendable {
    /// How the values of a row are written.
    public enum RowFormat: String, CaseIterable, Sendable {
        /// `"values"`: an array in the order of the value columns.
        case array
        /// One member for each value column, named by its key.
        case object
    }

    private let layout: ProfileLayout
    private let statusTable: ProfileStatusTable
    private let rowFormat: RowFormat
    private let numbersAsStrings: Bool
    private let valueColumns: [Int]
    /// The scaler of each column, 0 where none is known.
    private let scalers: [Int]
    private var scratch: [UInt8] = []
    private var text = RowText()
    /// How long a usual row can be, in octets.
    private let usualRoom: Int
    private let invertsDeviation: Bool

    /// Makes a writer for rows of one layout.
    /// - Parameters:
    ///   - layout: The columns of the rows.
    ///   - behaviour: What status bits and deviations mean.
    ///   - rowFormat: How the values are written.
    ///   - numbersAsStrings: Whether numbers are written as strings.
    public init(
        layout: ProfileLayout,
        behaviour: ProfileBehaviour = .standard,
        rowFormat: RowFormat = .array,
        numbersAsStrings: Bool = false
    ) {
        self.layout = layout
        statusTable = behaviour.statusTable
        self.rowFormat = rowFormat
        self.numbersAsStrings = numbersAsStrings
        valueColumns = layout.valueColumns
        scalers = layout.columns.map { Int($0.scalerUnit?.scaler ?? 0) }
        invertsDeviation = behaviour.time.deviationSign == .inverted
        var room = RowText.room
        for column in valueColumns { room += 3 + RowText.room(scaler: scalers[column]) }
        usualRoom = room
        scratch.reserveCapacity(48)
    }

    /// Writes the array of columns: time and status if the rows have them, then the values in their order.
    public func writeColumns(into writer: inout JSONWriter) {
        writer.beginArray()
        for index in [layout.timeColumn, layout.statusColumn].compactMap({ $0 }) + layout.valueColumns {
            let column = layout.columns[index]
            writer.beginObject()
            writer.member("key", column.key)
            if column.role == .value {
                writer.member("name", column.name)
                if let element = column.elementName { writer.member("element", element) }
            }
            if column.isQuantity, column.role == .value {
                writer.member("unit", column.scalerUnit?.symbol)
                writer.member("unitCode", column.scalerUnit?.unitCode)
                writer.member("scaler", column.scalerUnit?.scaler)
            }
            writer.name("object")
            writer.beginObject()
            writer.member("obis", column.capture.logicalName.description)
            writer.member("class", column.capture.classID)
            writer.member("attribute", column.capture.attributeIndex)
            if column.capture.dataIndex != 0 { writer.member("dataIndex", column.capture.dataIndex) }
            writer.endObject()
            writer.endObject()
        }
        writer.endArray()
    }

    /// Writes one row: time, how it was found, status, values, quality, its reasons and which columns were inferred, if any.
    public mutating func write(_ row: ProfileRow, into writer: inout JSONWriter) {
        write(row.rows, at: row.index, into: &writer)
    }

    /// Writes the row at an index of many, which costs less than taking it out first.
    public mutating func write(_ rows: borrowing ProfileRows, at index: Int, into writer: inout JSONWriter) {
        if writeUsual(rows, at: index, into: &writer) { return }
        writer.beginObject()
        writer.name("time")
        write(rows.times[index], into: &writer)
        writer.name("rawTime")
        switch (rows.times[index]?.source, rows.times[index]?.rawText) {
        case (.unix?, let text?): writer.number(text: text)
        case (_, let text?): writer.string(text)
        case (_, nil): writer.null()
        }
        writer.member("timeSource", (rows.times[index]?.source ?? .none).rawValue)
        writer.name("status")
        writer.beginArray()
        if let status = rows.statuses[index], status != 0 {
            for name in statusTable.names(of: status) { writer.string(name) }
        }
        writer.endArray()
        switch rowFormat {
        case .array:
            writer.name("values")
            writer.beginArray()
            for column in valueColumns { write(rows, at: index, column: column, into: &writer) }
            writer.endArray()
        case .object:
            for column in valueColumns {
                writer.name(layout.columns[column].key)
                write(rows, at: index, column: column, into: &writer)
            }
        }
        writer.member("quality", rows.quality(index, statusTable).rawValue)
        let reasons = rows.reasons(index, statusTable)
        if !reasons.isEmpty { writer.member("reasons", reasons) }
        if rows.marks[index].inferredColumns != 0 { writer.member("inferred", rows.inferredKeys(index)) }
        writer.endObject()
    }

    /// Writes a row of numbers with a complete time and nothing doubtful in one go; false if it is none.
    @inline(__always)
    private mutating func writeUsual(
        _ rows: borrowing ProfileRows,
        at index: Int,
        into writer: inout JSONWriter
    ) -> Bool {
        guard rowFormat == .array, !numbersAsStrings, (rows.statuses[index] ?? 0) == 0,
            rows.marks[index].isUsual, let time = rows.times[index], !time.isSuspect,
            time.source != .rangeStart, text.accepts(time)
        else { return false }
        let first = index * scalers.count
        for column in valueColumns {
            switch rows.cells[first + column] {
            case .integer, .null, .boolean: break
            case .unsigned, .float32, .float64, .other: return false
            }
        }
        writer.value(upTo: usualRoom) { start in
            var end = RowText.write("{\"time\":\"", at: start)
            end = text.write(time, at: end)
            if time.isSentAsDateTime {
                end = RowText.write("\",\"rawTime\":\"", at: end)
                end = RowText.write(octetsOf: time.dateTime, at: end)
                end = RowText.write("\"", at: end)
            } else if time.source == .unix {
                end = RowText.write("\",\"rawTime\":", at: end)
                end = RowText.write(time.utcSeconds ?? 0, scaler: 0, at: end)
            } else {
                end = RowText.write("\",\"rawTime\":null", at: end)
            }
            end = RowText.write(Self.sourceText(time.source), at: end)
            end = RowText.write(",\"status\":[],\"values\":[", at: end)
            var isFirst = true
            for column in valueColumns {
                if !isFirst { end = RowText.write(",", at: end) }
                isFirst = false
                switch rows.cells[first + column] {
                case .integer(let value): end = RowText.write(value, scaler: scalers[column], at: end)
                case .boolean(true): end = RowText.write("true", at: end)
                case .boolean(false): end = RowText.write("false", at: end)
                default: end = RowText.write("null", at: end)
                }
            }
            end = RowText.write("],\"quality\":\"valid\"}", at: end)
            return end - start
        }
        return true
    }

    @inline(__always)
    private static func sourceText(_ source: ProfileTime.Source) -> StaticString {
        switch source {
        case .meterDeviation: ",\"timeSource\":\"meter-deviation\""
        case .timeZone: ",\"timeSource\":\"time-zone\""
        case .standardTime: ",\"timeSource\":\"standard-time\""
        case .utcClock: ",\"timeSource\":\"utc-clock\""
        case .unix: ",\"timeSource\":\"unix\""
        case .inferred: ",\"timeSource\":\"inferred\""
        case .rangeStart: ",\"timeSource\":\"range-start\""
        case .none: ",\"timeSource\":\"none\""
        }
    }

    /// Writes the value of one column as JSON: a scaled number, or the friendly form of anything else.
    public mutating func write(_ row: ProfileRow, column: Int, into writer: inout JSONWriter) {
        write(row.rows, at: row.index, column: column, into: &writer)
    }

    private mutating func write(
        _ rows: borrowing ProfileRows,
        at index: Int,
        column: Int,
        into writer: inout JSONWriter
    ) {
        let scaler = scalers[column]
        switch rows.cells[index * scalers.count + column] {
        case .null: writer.null()
        case .boolean(let flag): writer.bool(flag)
        case .integer(let value):
            write(value.magnitude, negative: value < 0, scaler: scaler, into: &writer)
        case .unsigned(let value): write(value, negative: false, scaler: scaler, into: &writer)
        case .float32(let bits):
            let value = Float(bitPattern: bits)
            write(float: value.isFinite ? value.description : nil, scaler: scaler, into: &writer)
        case .float64(let bits):
            let value = Double(bitPattern: bits)
            write(float: value.isFinite ? value.description : nil, scaler: scaler, into: &writer)
        case .other(let place): write(rows.others[place], capture: layout.columns[column].capture, into: &writer)
        }
    }

    private func write(_ data: DLMSData, capture: CaptureObject, into writer: inout JSONWriter) {
        var context = ValueContext()
        let whole = ValueContext.attribute(
            classID: capture.classID,
            version: nil,
            logicalName: capture.logicalName,
            index: capture.attributeIndex
        )
        context.shape = whole.shape.element(capture.dataIndex)
        context.numbersAsStrings = numbersAsStrings
        context.invertsDeviation = invertsDeviation
        ValueForm.friendly.write(data, context: context, into: &writer)
    }

    private mutating func write(_ time: ProfileTime?, into writer: inout JSONWriter) {
        guard let time else { return writer.null() }
        scratch.removeAll(keepingCapacity: true)
        scratch.append(UInt8(ascii: "\""))
        guard DateTimeText.append(time.dateTime, offsetMinutes: time.offsetMinutes.map(Int.init), to: &scratch) else {
            return DateTimeText.write(time.dateTime, invertsDeviation: false, into: &writer)
        }
        scratch.append(UInt8(ascii: "\""))
        writer.raw(scratch)
    }

    private mutating func write(_ magnitude: UInt64, negative: Bool, scaler: Int, into writer: inout JSONWriter) {
        scratch.removeAll(keepingCapacity: true)
        if numbersAsStrings { scratch.append(UInt8(ascii: "\"")) }
        DecimalText.append(magnitude, negative: negative, scaler: scaler, to: &scratch)
        if numbersAsStrings { scratch.append(UInt8(ascii: "\"")) }
        writer.raw(scratch)
    }

    private func write(float text: String?, scaler: Int, into writer: inout JSONWriter) {
        guard let text = text.flatMap({ DecimalText.shifted($0, by: scaler) }) else { return writer.null() }
        if numbersAsStrings { writer.string(text) } else { writer.number(text: text) }
    }
}
