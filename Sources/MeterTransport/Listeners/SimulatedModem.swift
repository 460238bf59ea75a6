// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

internal import NIOCore
internal import Synchronization

/// A modem before a simulated meter: it takes AT commands, and the meter answers at some numbers.
public final class SimulatedModem: Sendable {
    /// What happens when a number is dialled.
    public enum Number: Hashable, Sendable {
        /// The meter answers.
        case answers
        /// The modem says this, one after the other each time the number is dialled; nothing when there is no more.
        case says([String])
    }

    private struct Content {
        var numbers: [String: Number]
        var commands: [String] = []
        var channel: (any Channel)?
    }

    private let content: Mutex<Content>

    /// Makes a modem that says ERROR to all numbers but these.
    public init(_ numbers: [String: Number]) {
        content = Mutex(Content(numbers: numbers))
    }

    /// All commands so far, without the ends of lines.
    public var commands: [String] { content.withLock { $0.commands } }

    /// The other side is gone, which the modem says.
    public func loseCarrier() {
        guard let channel = content.withLock({ $0.channel }) else { return }
        channel.writeAndFlush(channel.allocator.buffer(string: "\r\nNO CARRIER\r\n"), promise: nil)
    }

    fileprivate func connected(_ channel: any Channel) {
        content.withLock { $0.channel = channel }
    }

    /// Takes a command; returns what the modem says to it, if anything.
    fileprivate func obey(_ command: String) -> String? {
        content.withLock { content in
            content.commands.append(command)
            let dial = "ATD"
            guard command.hasPrefix(dial) else {
                // An empty line ends dialling.
                return command.isEmpty ? "NO CARRIER" : "OK"
            }
            let number = String(command.dropFirst(dial.count).drop { $0.isLetter })
            switch content.numbers[number] {
            case .answers: return "CONNECT 9600"
            case .says(let words):
                content.numbers[number] = .says(Array(words.dropFirst()))
                return words.first
            case nil: return "ERROR"
            }
        }
    }
}

/// Puts a modem between a line and the meter behind it.
final class SimulatedModemHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let escape = Array("+++".utf8)

    private let modem: SimulatedModem
    private var line: [UInt8] = []
    private var isConnected = false

    init(_ modem: SimulatedModem) {
        self.modem = modem
    }

    func channelActive(context: ChannelHandlerContext) {
        modem.connected(context.channel)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let octets = Array(unwrapInboundIn(data).readableBytesView)
        if isConnected {
            guard octets == Self.escape else { return context.fireChannelRead(data) }
            isConnected = false
            _ = modem.obey("+++")
            return say("OK", context)
        }
        for octet in octets {
            guard octet == 0x0D else {
                line.append(octet)
                continue
            }
            let command = String(decoding: line, as: UTF8.self)
            line = []
            guard let answer = modem.obey(command) else { continue }
            isConnected = answer.hasPrefix("CONNECT")
            say(answer, context)
        }
    }

    private func say(_ text: String, _ context: ChannelHandlerContext) {
        let buffer = context.channel.allocator.buffer(string: "\r\n\(text)\r\n")
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }
}
