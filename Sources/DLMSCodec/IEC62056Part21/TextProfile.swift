// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A load profile or log book as the text protocol carries it: headers with rows behind each (IEC 62056-21, formatted
/// codes R5 and R6 of `P.01`; the layout is that of the VDEW specification).
///
/// On the wire: `P.01(time)(status)(period)(columns)(code)(unit)…`, then rows of as many values as there are columns. A new
/// header comes with the first row, and whenever a row does not follow the one before: after a gap, with another status,
/// when the season changes. `P.01(ERROR)` says that there is nothing.
public struct TextProfile: Hashable, Sendable {
    /// One column.
    public struct Column: Hashable, Sendable {
        /// The identification code of what is recorded.
        public let address: String
        /// The unit as written; nil when there is none.
        public let unit: String?
    }

    /// Rows that follow each other by the period.
    public struct Section: Hashable, Sendable {
        /// The time of the first row.
        public let time: TextTime
        /// The status of the rows, hexadecimal digits as a number; nil when it is empty.
        public let status: UInt64?
        /// Minutes between rows; 0 in a log book.
        public let period: Int
        /// The columns.
        public let columns: [Column]
        /// The rows, one text for each column; nil for a value that the meter marks as missing.
        public let rows: [[String?]]
    }

    /// The sections in the order they came.
    public let sections: [Section]
    /// Whether the meter says that there is nothing.
    public let isEmpty: Bool

    private static let error = "ERROR"
    private static let fixedMembers = 4

    /// Takes a block apart.
    ///
    /// - Throws: `.invalidLength` for a header or a row that is not complete; `.invalidValue` for numbers and times that
    ///   cannot be read.
    public init(_ block: TextDataBlock) throws(DecodeError) {
        var sections: [Section] = []
        var header: Header?
        var values: [TextValue] = []
        var isEmpty = false
        for set in block.lines.joined() {
            // Meters may leave out the code in front of the first header, too.
            if set.address.isEmpty, header != nil {
                values += set.values
                continue
            }
            if let header { sections.append(try header.section(values)) }
            values = []
            header = nil
            if set.values.first?.text == Self.error {
                isEmpty = true
                continue
            }
            let next = try Header(set)
            header = next
            values = Array(set.values.dropFirst(next.length))
        }
        if let header { sections.append(try header.section(values)) }
        self.sections = sections
        self.isEmpty = isEmpty && sections.isEmpty
    }

    private struct Header {
        let time: TextTime
        let status: UInt64?
        let period: Int
        let columns: [Column]
        /// How many values of the data set are the header.
        let length: Int

        init(_ set: TextDataSet) throws(DecodeError) {
            let texts = set.values.map(\.text)
            guard texts.count >= TextProfile.fixedMembers, let count = Int(texts[3]), (0...256).contains(count) else {
                throw DecodeError(.invalidLength(texts.count), at: 0, what: "header of profile")
            }
            guard let time = TextTime(texts[0], as: .dateTime) else {
                throw DecodeError(.invalidValue(0), at: 0, what: "time of profile")
            }
            guard let period = texts[2].isEmpty ? 0 : Int(texts[2]), (0...100_000).contains(period) else {
                throw DecodeError(.invalidValue(0), at: 0, what: "period of profile")
            }
            length = TextProfile.fixedMembers + 2 * count
            guard texts.count >= length else {
                throw DecodeError(.invalidLength(texts.count), at: 0, what: "header of profile")
            }
            if texts[1].isEmpty {
                status = nil
            } else if let number = UInt64(texts[1], radix: 16) {
                status = number
            } else {
                throw DecodeError(.invalidValue(0), at: 0, what: "status of profile")
            }
            self.time = time
            self.period = period
            columns = (0..<count).map { index in
                let unit = texts[TextProfile.fixedMembers + 2 * index + 1]
                return Column(
                    address: texts[TextProfile.fixedMembers + 2 * index],
                    unit: unit.isEmpty ? nil : unit
                )
            }
        }

        func section(_ values: [TextValue]) throws(DecodeError) -> Section {
            // An entry of a log book may be its time and status alone.
            guard !columns.isEmpty else {
                return Section(time: time, status: status, period: period, columns: [], rows: [[]])
            }
            // A missing row is one word in place of all its values.
            var rows: [[String?]] = []
            var row: [String?] = []
            for value in values {
                if row.isEmpty, value.text == TextProfile.error {
                    rows.append([String?](repeating: nil, count: columns.count))
                    continue
                }
                let isMissing = value.text == TextProfile.error || value.text.allSatisfy { $0 == "-" || $0 == " " }
                row.append(isMissing ? nil : value.text)
                if row.count == columns.count {
                    rows.append(row)
                    row = []
                }
            }
            guard row.isEmpty else {
                throw DecodeError(.invalidLength(row.count), at: 0, what: "row of profile")
            }
            return Section(time: time, status: status, period: period, columns: columns, rows: rows)
        }
    }
}
