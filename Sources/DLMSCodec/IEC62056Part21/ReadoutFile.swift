// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Readouts kept in a text file: identification line, lines of data sets, `!`; one after the other.
///
/// Read leniently: with or without identification line, STX, ETX and block check, empty lines, lone line feeds, parity in
/// bit 7, sign-on requests and option selects of a logged session. A line that is no data set is left out and counted.
/// What is not forgiven is a check that fails: a block check or check digits that fit neither the characters as they stand
/// nor those with CR LF as line ends say that a character was changed.
public struct ReadoutFile: Hashable, Sendable {
    /// One readout of the file.
    public struct Readout: Hashable, Sendable {
        /// Who was read; nil when the file does not say.
        public let identification: IdentificationMessage?
        /// What was read.
        public let block: TextDataBlock
        /// How many lines are no data sets and were left out.
        public let oddLines: Int
        /// Whether a check came with it, and fits.
        public let isChecked: Bool
        /// The characters of identification and data, lines ended by CR LF, without control characters and checks.
        public let text: [UInt8]

        /// A readout that came over a line: complete, with its check tested if it had one.
        public init(identification: IdentificationMessage, block: TextDataBlock, isChecked: Bool) {
            self.init(
                identification: identification,
                block: block,
                oddLines: 0,
                isChecked: isChecked,
                text: identification.octets + block.octets
            )
        }

        init(
            identification: IdentificationMessage?,
            block: TextDataBlock,
            oddLines: Int,
            isChecked: Bool,
            text: [UInt8]
        ) {
            self.identification = identification
            self.block = block
            self.oddLines = oddLines
            self.isChecked = isChecked
            self.text = text
        }

        /// Whether the end of the data was seen.
        public var isComplete: Bool { block.isReadout }

        /// The data sets in order; one without an address has that of the one before.
        public var sets: [TextDataSet] { block.sets }

        /// The value of the first data set with one of these addresses, group A and B or not.
        public func value(_ addresses: String...) -> String? {
            let found = sets.first { set in
                let address = set.address.split(separator: ":").last.map(String.init) ?? set.address
                return addresses.contains(address)
            }
            return found?.values.first?.text
        }

        /// The meter's own number: the device address 0.0.0, else the serial number C.1.0 or 96.1.0.
        public var deviceNumbers: [String] {
            [value("0.0.0"), value("C.1.0", "96.1.0"), value("0.0.1")].compactMap { text in
                let trimmed = text.map { $0.filter { $0 != " " } }
                return trimmed?.isEmpty == false ? trimmed : nil
            }
        }
    }

    /// A readout, or why there is none, and the line on which it begins, counted from 1.
    public struct Item: Hashable, Sendable {
        /// The line on which it begins, counted from 1.
        public let line: Int
        /// The readout, or what is wrong with it.
        public let readout: Result<Readout, DecodeError>
    }

    /// Everything that looked like a readout, in the order of the file.
    public let items: [Item]

    /// Reads a file.
    public init(_ octets: some Collection<UInt8>) {
        var parser = ReadoutFileParser(octets)
        var items: [Item] = []
        while let item = parser.next() { items.append(item) }
        self.items = items
    }
}

/// Walks over a file line by line.
private struct ReadoutFileParser {
    private let characters: [UInt8]
    private var position = 0
    private var line = 1

    init(_ octets: some Collection<UInt8>) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let content = octets.starts(with: mark) ? Array(octets.dropFirst(mark.count)) : Array(octets)
        characters = TextParity.characters(of: content).characters
    }

    /// The next readout; nil at the end of the file.
    mutating func next() -> ReadoutFile.Item? {
        skipToBegin()
        guard position < characters.count else { return nil }
        let first = line
        let start = position
        do throws(DecodeError) {
            return ReadoutFile.Item(line: first, readout: .success(try readout(from: start)))
        } catch {
            skipBehindFault()
            return ReadoutFile.Item(line: first, readout: .failure(error))
        }
    }

    private mutating func readout(from start: Int) throws(DecodeError) -> ReadoutFile.Readout {
        var text: [UInt8] = []
        var identification: IdentificationMessage?
        if characters[position] == TextCharacter.start {
            let content = takeLine() + TextCharacter.lineEnd
            do {
                identification = try IdentificationMessage(octets: content)
            } catch {
                throw error.moved(by: start)
            }
            text += content
        }
        skipEmptyAndSessionLines()
        var blockStart: Int?
        if peek() == TextCharacter.startOfText {
            position += 1
            blockStart = position
        }
        var lines: [[TextDataSet]] = []
        var oddLines = 0
        var isComplete = false
        var digits: [UInt8] = []
        var end = position
        while let character = peek() {
            if character == TextCharacter.start { break }
            if character == TextCharacter.endOfText { break }
            if character == TextCharacter.startOfText, blockStart == nil { break }
            end = position
            if character == TextCharacter.end {
                position += 1
                end = position
                digits = takeLine()
                isComplete = true
                break
            }
            let content = Array(takeLine().drop { $0 == 0x20 || $0 == 0x09 })
            guard !content.isEmpty else { continue }
            if let sets = try? TextDataBlock(octets: content), sets.lines.count == 1 {
                lines.append(sets.lines[0])
                text += content + TextCharacter.lineEnd
            } else {
                oddLines += 1
            }
        }
        var isChecked = false
        if let blockStart {
            while let character = peek(), TextCharacter.lineEnd.contains(character) { advance() }
            if peek() == TextCharacter.endOfText {
                position += 1
                isChecked = try check(blockStart..<position)
            }
        } else if digits.count == 4, let received = UInt16(String(decoding: digits, as: UTF8.self), radix: 16) {
            try check(start..<end, against: received)
            isChecked = true
        }
        guard !lines.isEmpty || isComplete else {
            throw DecodeError(.truncated(needed: 1, remaining: 0), at: start, what: "readout")
        }
        if isComplete { text += [TextCharacter.end] + TextCharacter.lineEnd }
        return ReadoutFile.Readout(
            identification: identification,
            block: TextDataBlock(lines: lines, isReadout: isComplete, endsWithLineEnd: true),
            oddLines: oddLines,
            isChecked: isChecked,
            text: text
        )
    }

    /// Compares the block check character behind a block, if there is one.
    private mutating func check(_ block: Range<Int>) throws(DecodeError) -> Bool {
        guard let received = peek(), !TextCharacter.lineEnd.contains(received) else { return false }
        position += 1
        for content in [Array(characters[block]), Self.withStandardLineEnds(characters[block])]
        where BlockCheckCharacter.compute(over: content) == received { return true }
        throw DecodeError(
            .checkFailed(
                received: Int(received),
                computed: Int(BlockCheckCharacter.compute(over: characters[block]))
            ),
            at: position - 1,
            what: "BCC"
        )
    }

    /// Compares the check digits behind `!`.
    private func check(_ content: Range<Int>, against received: UInt16) throws(DecodeError) {
        let computed = TextTelegram.checkSequence(over: characters[content])
        guard
            received == computed
                || received == TextTelegram.checkSequence(over: Self.withStandardLineEnds(characters[content]))
        else {
            throw DecodeError(
                .checkFailed(received: Int(received), computed: Int(computed)),
                at: content.upperBound,
                what: "check digits of telegram"
            )
        }
    }

    /// The characters as they were before an editor changed their line ends.
    private static func withStandardLineEnds(_ characters: ArraySlice<UInt8>) -> [UInt8] {
        var content: [UInt8] = []
        for character in characters where character != TextCharacter.carriageReturn {
            content += character == TextCharacter.lineFeed ? TextCharacter.lineEnd : [character]
        }
        return content
    }

    /// Moves to where a readout may begin: an identification, STX, or a line with a data set.
    private mutating func skipToBegin() {
        while position < characters.count {
            skipEmptyAndSessionLines()
            guard let character = peek() else { return }
            if character == TextCharacter.start || character == TextCharacter.startOfText { return }
            if characters[position...].prefix(while: { !TextCharacter.lineEnd.contains($0) }).contains(0x28),
                TextCharacter.isPrintable(character)
            {
                return
            }
            skipLine()
        }
    }

    /// Skips empty lines, padding, and what a client sent: `/?…!` and ACK with an option.
    private mutating func skipEmptyAndSessionLines() {
        while let character = peek() {
            switch character {
            case TextCharacter.start where characters.dropFirst(position + 1).first == TextCharacter.request,
                TextCharacter.acknowledge:
                skipLine()
            case TextCharacter.carriageReturn, TextCharacter.lineFeed, 0x00, 0x20, 0x09, 0x7F: advance()
            default: return
            }
        }
    }

    /// Moves to the next line that begins with `/`, behind one that is no readout.
    private mutating func skipBehindFault() {
        while let character = peek(), character != TextCharacter.start { skipLine() }
    }

    private func peek() -> UInt8? { position < characters.count ? characters[position] : nil }

    private mutating func advance() {
        if characters[position] == TextCharacter.lineFeed { line += 1 }
        position += 1
    }

    private mutating func skipLine() {
        while let character = peek(), character != TextCharacter.lineFeed { position += 1 }
        if peek() != nil { advance() }
    }

    /// The rest of the line without its end, which is skipped.
    private mutating func takeLine() -> [UInt8] {
        let rest = characters[position...]
        let end =
            rest.firstIndex { TextCharacter.lineEnd.contains($0) || $0 == TextCharacter.endOfText } ?? rest.endIndex
        let content = Array(rest[..<end])
        position = end
        if peek() == TextCharacter.carriageReturn { advance() }
        if peek() == TextCharacter.lineFeed { advance() }
        return content
    }
}
