// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Data sets in lines (IEC 62056-21 §6.3.4.1): the content of a readout or of an answer.
///
/// Lines end with CR LF; a readout ends with `!` CR LF. A lone LF, lines without sets and a missing end are accepted.
public struct TextDataBlock: Hashable, Sendable {
    /// The data sets, line by line.
    public var lines: [[TextDataSet]]
    /// Whether `!` stands behind the last line: the readout is complete.
    public var isReadout: Bool
    /// Whether the last line ends with CR LF; always so in a readout, never without lines otherwise.
    public var endsWithLineEnd: Bool

    /// Makes a block.
    public init(lines: [[TextDataSet]], isReadout: Bool, endsWithLineEnd: Bool = false) {
        self.lines = lines
        self.isReadout = isReadout
        self.endsWithLineEnd = endsWithLineEnd || isReadout
    }

    /// All data sets in order.
    ///
    /// A set that goes on with the address of the one before is handed out with that address.
    public var sets: [TextDataSet] {
        var address = ""
        return lines.joined().compactMap { set in
            if !set.address.isEmpty { address = set.address }
            return TextDataSet(address: address, values: set.values)
        }
    }
}

extension TextDataBlock: OctetCodable {
    /// Reads lines up to `!` with its line end, or to the end.
    ///
    /// - Throws: what `TextDataSet` throws.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        var lines: [[TextDataSet]] = []
        var line: [TextDataSet] = []
        isReadout = false
        endsWithLineEnd = false
        while let character = reader.peek() {
            switch character {
            case TextCharacter.carriageReturn, TextCharacter.lineFeed:
                _ = try reader.readUInt8()
                endsWithLineEnd = true
                if !line.isEmpty { lines.append(line) }
                line = []
            case TextCharacter.end:
                _ = try reader.readUInt8()
                isReadout = true
                endsWithLineEnd = true
                if !line.isEmpty { lines.append(line) }
                self.lines = lines
                if reader.peek() == TextCharacter.carriageReturn { _ = try reader.readUInt8() }
                if reader.peek() == TextCharacter.lineFeed { _ = try reader.readUInt8() }
                return
            default:
                endsWithLineEnd = false
                line.append(try TextDataSet(decoding: &reader))
            }
        }
        if !line.isEmpty { lines.append(line) }
        self.lines = lines
        if lines.isEmpty { endsWithLineEnd = false }
    }

    /// Writes the lines, and `!` behind a readout.
    public func encode(into writer: inout OctetWriter) {
        for (index, line) in lines.enumerated() {
            for set in line {
                set.encode(into: &writer)
            }
            if index < lines.count - 1 || endsWithLineEnd { writer.write(contentsOf: TextCharacter.lineEnd) }
        }
        guard isReadout else { return }
        writer.write(TextCharacter.end)
        writer.write(contentsOf: TextCharacter.lineEnd)
    }
}
