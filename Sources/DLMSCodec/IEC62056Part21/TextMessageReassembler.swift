// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Cuts a stream of characters into messages of the text protocol, and finds the next one behind noise.
///
/// Bit 7 of every octet is cleared. Wake-up characters and line noise come out as noise.
public struct TextMessageReassembler: Sendable {
    /// Which side of the line listens; it decides what a message may be before more characters come.
    public enum Side: Hashable, Sendable {
        /// The client of modes C and E: an identification ends with its line, ACK stands alone.
        case client
        /// The client while it waits for the confirmation of mode E: ACK begins an option select.
        case clientAwaitingConfirmation
        /// The meter: ACK begins an option select.
        case meter
        /// Who listens only, as in modes A, B and D: an identification takes its data with it.
        case listener
    }

    /// What was found in the stream.
    public enum Item: Hashable, Sendable {
        /// A message, with right check characters where it has them.
        case message(TextMessage)
        /// Characters that are no message, and why if they began like one.
        case noise([UInt8], DecodeError?)
    }

    /// The longest message that is waited for, in characters.
    public static let longestMessage = 1 << 20
    private static let longestLine = 256
    private static let optionSelectLength = 6
    /// SOH, command and type.
    private static let commandHeadLength = 3
    private static let mostEchoes = 8

    /// Which side of the line listens.
    public var side: Side

    private var pending: [UInt8] = []
    private var start = 0
    /// How many characters of the message at the start were searched for its end in vain.
    private var searched = 0
    private var awaitedEchoes: [TextMessage] = []

    /// Makes a reassembler at the start of a stream.
    public init(side: Side) {
        self.side = side
    }

    /// How many characters wait for the rest of their message.
    public var pendingCount: Int { pending.count - start }

    /// Takes octets from the line.
    public mutating func push(_ octets: some Collection<UInt8>) {
        if start > 0 {
            pending.removeSubrange(..<start)
            start = 0
        }
        pending.append(contentsOf: octets.lazy.map { $0 & 0x7F })
    }

    /// Notes a message sent on a line that echoes: the next message is dropped if it is exactly the same.
    public mutating func sent(_ message: TextMessage) {
        if awaitedEchoes.count == Self.mostEchoes { awaitedEchoes.removeFirst() }
        awaitedEchoes.append(message)
    }

    /// Reads what comes next as the data of a meter whose identification was handed out.
    ///
    /// They come as a message between control characters, behind another copy of the identification, or as a telegram.
    public mutating func awaitData(of identification: IdentificationMessage) {
        side = .listener
        pending.removeSubrange(..<start)
        pending.insert(contentsOf: identification.octets, at: 0)
        move(to: 0)
    }

    /// Hands out the next message or noise; nil when more characters are needed.
    ///
    /// - Parameter isSilent: whether the line fell silent, so that what has begun will not be completed.
    public mutating func next(isSilent: Bool = false) -> Item? {
        while start < pending.count {
            guard let length = messageLength(isSilent: isSilent) else {
                guard isSilent || pendingCount > Self.longestMessage else { return nil }
                return noise(because: DecodeError(.truncated(needed: 1, remaining: 0), at: 0, what: "text message"))
            }
            guard length > 0 else { return noise(because: nil) }
            do {
                let message = try TextMessage(octets: pending[start..<start + length])
                move(to: start + length)
                if takeEcho(message) { continue }
                return .message(message)
            } catch {
                return noise(because: error)
            }
        }
        return nil
    }

    /// How many characters the message at the start takes; 0 when none begins there, nil when more are needed.
    private mutating func messageLength(isSilent: Bool) -> Int? {
        let octets = pending[start...]
        switch octets.first {
        case TextCharacter.start: return lineLength(octets, isSilent: isSilent)
        case TextCharacter.startOfHeader:
            // STX may stand behind command and type.
            guard let fourth = octets.dropFirst(Self.commandHeadLength).first else { return nil }
            let head = Self.commandHeadLength + (fourth == TextCharacter.startOfText ? 1 : 0)
            return blockLength(octets, behind: head)
        case TextCharacter.startOfText: return blockLength(octets, behind: 1)
        case TextCharacter.acknowledge:
            guard side == .meter || side == .clientAwaitingConfirmation else { return 1 }
            guard let second = octets.dropFirst().first else { return isSilent ? 1 : nil }
            guard TextCharacter.isPrintable(second) else { return 1 }
            return octets.count >= Self.optionSelectLength ? Self.optionSelectLength : nil
        case TextCharacter.negativeAcknowledge: return 1
        default: return 0
        }
    }

    /// A block with its check character; another message that begins inside of it shows that it is none.
    private mutating func blockLength(_ octets: ArraySlice<UInt8>, behind head: Int) -> Int? {
        let unsearched = octets.dropFirst(max(head, searched))
        guard let end = unsearched.firstIndex(where: { TextCharacter.blockDelimiters.contains($0) }) else {
            searched = octets.count
            return nil
        }
        guard TextCharacter.blockEnds.contains(pending[end]) else { return 0 }
        searched = end - start
        let length = end - start + 2
        return length <= octets.count ? length : nil
    }

    private mutating func lineLength(_ octets: ArraySlice<UInt8>, isSilent: Bool) -> Int? {
        guard let lineEnd = octets.prefix(Self.longestLine).firstIndex(of: TextCharacter.lineFeed) else {
            return octets.count >= Self.longestLine ? 0 : nil
        }
        let line = lineEnd - start + 1
        guard side == .listener, octets.dropFirst().first != TextCharacter.request else { return line }
        guard let next = octets.dropFirst(line).first else { return isSilent ? line : nil }
        guard TextMessage.continuesTelegram(next) else { return line }
        guard let end = octets.dropFirst(max(line, searched)).firstIndex(of: TextCharacter.end) else {
            searched = octets.count
            return nil
        }
        searched = end - start
        let last = octets[end...].prefix(Self.longestLine).firstIndex(of: TextCharacter.lineFeed)
        return last.map { $0 - start + 1 }
    }

    /// Gives up the first character and what follows up to one that may begin a message.
    private mutating func noise(because error: DecodeError?) -> Item {
        let starts = [
            TextCharacter.start, TextCharacter.startOfHeader, TextCharacter.startOfText, TextCharacter.acknowledge,
            TextCharacter.negativeAcknowledge,
        ]
        let end = pending[(start + 1)...].firstIndex { starts.contains($0) } ?? pending.endIndex
        let octets = Array(pending[start..<end])
        move(to: end)
        return .noise(octets, error)
    }

    private mutating func move(to position: Int) {
        start = position
        searched = 0
    }

    private mutating func takeEcho(_ message: TextMessage) -> Bool {
        guard let index = awaitedEchoes.firstIndex(of: message) else {
            awaitedEchoes.removeAll()
            return false
        }
        awaitedEchoes.removeSubrange(...index)
        return true
    }
}
