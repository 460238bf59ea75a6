// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Rows of encoded cells as a buffer, in one of the forms that meters use.
enum BufferWriting {
    /// Writes rows that come oldest first.
    /// - Parameters:
    ///   - rows: The cells with their tags.
    ///   - form: How to write them.
    ///   - timeColumn: The column whose value goes on by the period from row to row.
    static func octets(_ rows: [[[UInt8]]], _ form: ProfileDefinition.Form, timeColumn: Int?) -> [UInt8] {
        var writer = OctetWriter()
        if form == .compactArray, let first = rows.first {
            // All cells are of simple types, so that a type is a tag.
            writer.write(DataTag.compactArray.rawValue)
            writer.write(DataTag.structure.rawValue)
            writer.writeLength(first.count)
            for cell in first { writer.write(cell.first ?? 0) }
            writer.writeOctetString(rows.flatMap { $0.flatMap { $0.dropFirst() } })
            return writer.octets
        }
        writer.write(DataTag.array.rawValue)
        writer.writeLength(rows.count)
        var before: [[UInt8]] = []
        for row in form == .newestFirst ? rows.reversed() : rows {
            writer.write(DataTag.structure.rawValue)
            writer.writeLength(row.count)
            for (column, cell) in row.enumerated() {
                let former = before.isEmpty ? nil : before[column]
                switch (form, former) {
                case (.nullCompressed, let former?) where former == cell || column == timeColumn:
                    writer.write(DataTag.nullData.rawValue)
                case (.differences, let former?): writer.write(contentsOf: difference(former, cell))
                default: writer.write(contentsOf: cell)
                }
            }
            before = row
        }
        return writer.octets
    }

    /// The shortest difference of two unsigned numbers, or the later one as it is.
    private static func difference(_ former: [UInt8], _ cell: [UInt8]) -> [UInt8] {
        guard let tag = cell.first, tag == former.first, tag == DataTag.doubleLongUnsigned.rawValue else { return cell }
        func number(_ octets: [UInt8]) -> UInt32 { octets.dropFirst().reduce(0) { $0 << 8 | UInt32($1) } }
        let (old, new) = (number(former), number(cell))
        guard new >= old else { return cell }
        switch new - old {
        case 0...0xFF: return DLMSData.deltaUnsigned(UInt8(new - old)).octets
        case 0x100...0xFFFF: return DLMSData.deltaLongUnsigned(UInt16(new - old)).octets
        default: return cell
        }
    }
}
