// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import JSONText
import Measure

/// Prints a buffer of rows (time, status, value) as JSON while it is being decoded.
struct RowPrinter: DataVisitor {
    var writer = JSONWriter(reservingCapacity: 1 << 19)
    var rows = 0
    private var text: [UInt8] = []

    mutating func beginArray(count: Int?) { writer.beginArray() }
    mutating func beginStructure(count: Int) {
        rows += 1
        writer.beginArray()
    }
    mutating func end() { writer.endArray() }
    mutating func visitNull(_ tag: DataTag) { writer.null() }
    mutating func visitUnsigned(_ value: UInt64, _ tag: DataTag) { writer.integer(value) }
    mutating func visitSigned(_ value: Int64, _ tag: DataTag) { writer.integer(value) }
    mutating func visitFloat(bitPattern: UInt64, _ tag: DataTag) { writer.number(Double(bitPattern: bitPattern)) }
    mutating func visitBits(_ octets: Span<UInt8>, count: Int) { writer.integer(count) }

    mutating func visitOctets(_ octets: Span<UInt8>, _ tag: DataTag) {
        guard octets.count == 12 else { return writer.null() }
        let year = Int(octets[0]) << 8 | Int(octets[1])
        text.removeAll(keepingCapacity: true)
        text.append(UInt8(ascii: "\""))
        digits(year / 100)
        digits(year % 100)
        for (index, mark) in [(2, "-"), (3, "-"), (5, "T"), (6, ":"), (7, ":")] as [(Int, Unicode.Scalar)] {
            text.append(UInt8(ascii: mark))
            digits(Int(octets[index]))
        }
        text.append(UInt8(ascii: "\""))
        writer.raw(text)
    }

    private mutating func digits(_ value: Int) {
        text.append(0x30 + UInt8(value / 10 % 10))
        text.append(0x30 + UInt8(value % 10))
    }
}

/// Counts what it sees: decoding alone.
struct Counter: DataVisitor {
    var sum: UInt64 = 0
    mutating func beginArray(count: Int?) {}
    mutating func beginStructure(count: Int) { sum &+= 1 }
    mutating func end() {}
    mutating func visitNull(_ tag: DataTag) {}
    mutating func visitUnsigned(_ value: UInt64, _ tag: DataTag) { sum &+= value }
    mutating func visitSigned(_ value: Int64, _ tag: DataTag) { sum &+= UInt64(bitPattern: value) }
    mutating func visitFloat(bitPattern: UInt64, _ tag: DataTag) { sum &+= bitPattern }
    mutating func visitOctets(_ octets: Span<UInt8>, _ tag: DataTag) { sum &+= UInt64(octets[0]) }
    mutating func visitBits(_ octets: Span<UInt8>, count: Int) {}
}

/// A profile buffer: an array of structures of date-time (as octet-string), unsigned and double-long-unsigned.
func buffer(rows: Int) -> [UInt8] {
    var octets: [UInt8] = [0x01, 0x82, UInt8(rows >> 8), UInt8(rows & 0xFF)]
    for row in 0..<rows {
        let day = UInt8(1 + row / 96 % 28)
        let hour = UInt8(row / 4 % 24)
        octets += [
            0x02, 0x03, 0x09, 0x0C, 0x07, 0xEA, UInt8(1 + row / 2688 % 12), day, 0xFF, hour, UInt8(row % 4 * 15), 0, 0,
        ]
        octets += [0xFF, 0xC4, 0x00, 0x11, 0x00, 0x06]
        let value = UInt32(1_000_000 + row)
        octets += [UInt8(value >> 24), UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)]
    }
    return octets
}

let rows = 10_000
let encoded = buffer(rows: rows)

/// Decodes the buffer with a visitor; nil if it is not well-formed.
func decode<Visitor: DataVisitor>(into visitor: Visitor) -> Visitor? {
    var visitor = visitor
    var reader = OctetReader(encoded)
    do {
        try reader.visitData(&visitor)
        return visitor
    } catch {
        return nil
    }
}

let energy = OBISCode(1, 0, 1, 8, 0, 255)
let layout = ProfileLayout(
    captureObjects: [
        .clock, CaptureObject(classID: 1, logicalName: OBISCode(0, 0, 96, 10, 1, 255), attributeIndex: 2),
        CaptureObject(classID: 3, logicalName: energy, attributeIndex: 2),
    ],
    scalerUnits: [energy: ScalerUnit(scaler: -2, unitCode: 30)]
)

/// Decodes the buffer as the gateway does: rows with instants, in pieces of the size of a block.
func decodeRows() -> ProfileRows {
    var decoder = ProfileRowDecoder(layout: layout, options: ProfileDecodingOptions(capturePeriod: 900))
    // A fault leaves rows out, which the check below notices.
    do {
        for start in stride(from: 0, to: encoded.count, by: 1000) {
            try decoder.feed(Array(encoded[start..<min(start + 1000, encoded.count)]))
        }
        try decoder.finish()
    } catch {}
    return decoder.takeRows()
}

/// Decodes the buffer and prints rows with times, their sources, scaled values, status and quality, in pieces as the
/// gateway sends them.
func printRows() -> Int {
    let decoded = decodeRows()
    var rowWriter = ProfileRowWriter(layout: layout)
    var writer = JSONWriter(reservingCapacity: 1 << 15)
    var count = 0
    for index in 0..<decoded.count {
        rowWriter.write(decoded, at: index, into: &writer)
        writer.endLine()
        if writer.count >= 1 << 14 { count += writer.takeOctets().count }
    }
    return count + writer.takeOctets().count
}

guard let printed = decode(into: RowPrinter()), printed.rows == rows, decodeRows().count == rows else {
    fatalError("the buffer of the benchmark is not well-formed")
}
let medians = compare(
    "a profile of \(rows) rows of 3 columns, \(encoded.count) octets",
    repetitions: 20,
    [
        Contender("decode, visitor") { Int(truncatingIfNeeded: decode(into: Counter())?.sum ?? 0) },
        Contender("decode and print as JSON") { decode(into: RowPrinter())?.writer.count ?? 0 },
        Contender("rows with instants, as the gateway decodes") { decodeRows().count },
        Contender("rows with instants and JSON, as the gateway answers") { printRows() },
        Contender("decode, tree") { (try? DLMSData(octets: encoded))?.tag.hashValue ?? 0 },
    ]
)
print(
    "  JSON of \(printed.writer.count) octets; \(rounded(Double(rows) / medians[1] / 1e6)) million rows/s decoded and printed, "
        + "\(rounded(Double(rows) / medians[3] / 1e6)) million rows/s of \(printRows() / rows) octets as the gateway answers"
)
