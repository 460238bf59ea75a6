// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The block check character: the exclusive or of all characters behind the first SOH or STX, up to and including
/// ETX or EOT (IEC 62056-21 §5.3.8, ISO 1155).
public enum BlockCheckCharacter {
    /// Computes the character over what it covers.
    public static func compute(over characters: some Sequence<UInt8>) -> UInt8 {
        characters.reduce(0) { $0 ^ $1 } & 0x7F
    }
}

extension OctetWriter {
    /// Writes the block check character over everything behind the first character from a position.
    mutating func writeBlockCheck(from start: Int) {
        write(BlockCheckCharacter.compute(over: octets[(start + 1)...]))
    }
}

extension OctetReader {
    /// Reads the block check character over characters that were read.
    ///
    /// - Throws: `.truncated`, `.checkFailed`.
    mutating func readBlockCheck(over characters: ArraySlice<UInt8>) throws(DecodeError) {
        let start = offset
        let received = try readUInt8("BCC") & 0x7F
        let computed = BlockCheckCharacter.compute(over: characters)
        guard received == computed else {
            throw DecodeError(.checkFailed(received: Int(received), computed: Int(computed)), at: start, what: "BCC")
        }
    }

    /// Reads characters up to and including one of some; the one it was is the last.
    ///
    /// - Throws: `.truncated` when none of them comes.
    mutating func readCharacters(
        through ends: [UInt8],
        _ what: StaticString
    ) throws(DecodeError) -> ArraySlice<UInt8> {
        guard let index = rest.firstIndex(where: { ends.contains($0) }) else {
            throw DecodeError(
                .truncated(needed: remaining + 1, remaining: remaining),
                at: offset,
                what: what.description
            )
        }
        return try readSlice(count: index - rest.startIndex + 1, what)
    }

    /// Reads the content of a block up to and including ETX or EOT, which is the last character.
    ///
    /// - Throws: `.truncated`; `.invalidValue` for SOH and STX, with which another message begins.
    mutating func readBlock(_ what: StaticString) throws(DecodeError) -> ArraySlice<UInt8> {
        let start = offset
        let block = try readCharacters(through: TextCharacter.blockDelimiters, what)
        guard let last = block.last, TextCharacter.blockEnds.contains(last) else {
            throw DecodeError(.invalidValue(Int(block.last ?? 0)), at: start + block.count - 1, what: what.description)
        }
        return block
    }

    /// Reads CR and LF.
    ///
    /// - Throws: `.truncated`; `.invalidValue` for anything else.
    mutating func readLineEnd(_ what: StaticString) throws(DecodeError) {
        for expected in TextCharacter.lineEnd {
            try readCharacter(expected, what)
        }
    }

    /// Reads one character that can only be this one.
    ///
    /// - Throws: `.truncated`; `.invalidValue` for anything else.
    mutating func readCharacter(_ expected: UInt8, _ what: StaticString) throws(DecodeError) {
        let start = offset
        let character = try readUInt8(what)
        guard character == expected else {
            throw DecodeError(.invalidValue(Int(character)), at: start, what: what.description)
        }
    }

    /// Reads one printable character.
    ///
    /// - Throws: `.truncated`; `.invalidValue` for anything else.
    mutating func readPrintable(_ what: StaticString) throws(DecodeError) -> UInt8 {
        let start = offset
        let character = try readUInt8(what)
        guard TextCharacter.isPrintable(character) else {
            throw DecodeError(.invalidValue(Int(character)), at: start, what: what.description)
        }
        return character
    }
}
