// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Messages of the text protocol to and from the octets of a line.
///
/// Knows the line's format and echo, and how eight bits carry a character on it.
struct TextLine: Sendable {
    /// The format that the line has now.
    private(set) var format: LineFormat
    private let parity: TextParity
    private var echo: EchoFilter
    private var reassembler: TextMessageReassembler

    init(_ settings: TextSignOnSettings, side: TextMessageReassembler.Side) {
        format = settings.opening
        parity = settings.parity
        echo = EchoFilter(settings.echo)
        reassembler = TextMessageReassembler(side: side)
    }

    /// Who listens, for what a message may be before more of it comes.
    var side: TextMessageReassembler.Side {
        get { reassembler.side }
        set { reassembler.side = newValue }
    }

    /// Whether a part of a message has come.
    var isReceiving: Bool { reassembler.pendingCount > 0 }

    /// Notes that the line has another format from now on.
    mutating func change(to format: LineFormat) -> ClientLink.Command {
        self.format = format
        return .setLine(format)
    }

    /// The octets of a message.
    mutating func send(_ message: TextMessage) -> ClientLink.Command {
        let characters = message.octets
        echo.sent(characters)
        return .send(parity.octets(of: characters))
    }

    /// How long so many characters take on the line, with start, parity and stop bit.
    func duration(of count: Int) -> Duration {
        .microseconds(Int64(count) * 10_000_000 / Int64(max(format.baud, 1)))
    }

    /// Takes octets of the line.
    mutating func received(_ octets: [UInt8]) {
        reassembler.push(echo.filter(octets.map { $0 & 0x7F }))
    }

    /// Hands out the next message or noise.
    ///
    /// - Parameter isSilent: whether what has begun will not be completed.
    mutating func next(isSilent: Bool = false) -> TextMessageReassembler.Item? {
        reassembler.next(isSilent: isSilent)
    }

    /// Reads what comes next as the data of a meter that was identified, with control characters around them or without.
    mutating func awaitData(of identification: IdentificationMessage) {
        reassembler.awaitData(of: identification)
    }

    /// Drops what has come.
    mutating func clear() {
        reassembler = TextMessageReassembler(side: reassembler.side)
    }
}
