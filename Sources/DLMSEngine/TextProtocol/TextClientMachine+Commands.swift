// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity

/// The programming mode: password and commands.
extension TextClientMachine {
    /// A command with what has to be sent of it still.
    struct Exchange: Hashable, Sendable {
        var awaited: Awaited
        /// The blocks of a write that follow.
        var blocks: [CommandMessage] = []

        /// Whether repeating it does no harm.
        var isRead: Bool { awaited == .getResponse }
    }

    /// How often a password is given again that the meter did not understand.
    ///
    /// Fewer times than other messages: meters lock themselves after a few wrong passwords.
    private static let passwordRepeats = 1

    /// The meter is in the programming mode.
    mutating func programmingBegun(
        _ identification: IdentificationMessage,
        operand: [UInt8],
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        line.side = .client
        repeats = 0
        guard let order, order.request.isCommand else {
            return complete(.identification(identification), endingSession: true, now: now)
        }
        guard case .low(let password) = settings.authentication else { return nextCommand(now: now) }
        guard let command = passwordCommand(password, operand: operand) else {
            return fail(.text(.passwordNotMade), now: now)
        }
        state = .givingPassword
        return send(.command(command), now: now)
    }

    private func passwordCommand(_ password: Secret, operand: [UInt8]) -> CommandMessage? {
        // The operand stands in parentheses, as the answer to it does.
        let bare = operand.first == 0x28 && operand.last == 0x29 ? Array(operand.dropFirst().dropLast()) : operand
        switch link.passwordCommand {
        case .plain:
            return password.withExposedOctets { octets in
                octets.contains(0x28) || octets.contains(0x29)
                    ? nil : CommandMessage(0x50, 0x31, data: [0x28] + octets + [0x29])
            }
        case .encrypted:
            guard let answer = encryption?(bare, password) else { return nil }
            return CommandMessage(0x50, 0x32, data: [0x28] + answer + [0x29])
        }
    }

    /// Takes the answer to the password; nil when the message is none.
    mutating func passwordAnswered(_ message: TextMessage, now: ContinuousClock.Instant) -> [ClientAction]? {
        switch message {
        case .acknowledge: return nextCommand(now: now)
        case .negativeAcknowledge:
            guard repeats < Self.passwordRepeats, let message = self.message else {
                return fail(.text(.passwordRefused(code: nil)), now: now)
            }
            repeats += 1
            return send(message, now: now)
        case .data(let data):
            guard let code = data.errorText else { return nextCommand(now: now) }
            return fail(.text(.passwordRefused(code: code)), now: now)
        case .command(let command):
            if command == .signOff { hasSession = false }
            return fail(.text(.passwordRefused(code: nil)), now: now)
        case .request, .identification, .optionSelect, .telegram: return nil
        }
    }

    /// Sends the next command of the request, or completes it.
    mutating func nextCommand(now: ContinuousClock.Instant) -> [ClientAction] {
        repeats = 0
        isDamaged = false
        content = []
        lastUse = now
        guard let order else {
            state = .programming
            wait = nil
            return []
        }
        switch order.request {
        case .read(let reads):
            guard order.results.count < reads.count else {
                return complete(.read(order.results), endingSession: false, now: now)
            }
            guard !order.isInterrupted else {
                self.order = nil
                state = .programming
                wait = nil
                return [.failed(.cancelled)]
            }
            let read = reads[order.results.count]
            return begin("R\(read.command.digit)", read.set.octets, awaiting: .getResponse, now: now)
        case .write(let write):
            return begin(
                "W\(write.command.digit)",
                write.set.octets,
                blockLength: write.command.isInBlocks ? link.writeBlockLength : nil,
                awaiting: .setResponse,
                now: now
            )
        case .execute(let set): return begin("E2", set.octets, awaiting: .actionResponse, now: now)
        case .identification, .readout: return fail(.notReady, now: now)
        }
    }

    private mutating func begin(
        _ name: String,
        _ data: [UInt8],
        blockLength: Int? = nil,
        awaiting: Awaited,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        let characters = Array(name.utf8)
        let length = max(blockLength ?? data.count, 1)
        var blocks = stride(from: 0, to: max(data.count, 1), by: length).compactMap { start in
            let end = min(start + length, data.count)
            return CommandMessage(
                characters[0],
                characters[1],
                data: Array(data[start..<end]),
                isPartial: end < data.count
            )
        }
        guard !blocks.isEmpty else { return fail(.notReady, now: now) }
        let first = blocks.removeFirst()
        state = .exchanging(Exchange(awaited: awaiting, blocks: blocks))
        return send(.command(first), now: now)
    }

    /// Takes the answer to a command; nil when the message is none.
    mutating func commandAnswered(
        _ message: TextMessage,
        _ exchange: Exchange,
        now: ContinuousClock.Instant
    ) -> [ClientAction]? {
        switch message {
        case .data(let data): return dataReceived(data, exchange, now: now)
        case .acknowledge:
            guard !exchange.isRead else { return fail(.text(.unexpectedMessage(waitingFor: awaited)), now: now) }
            var exchange = exchange
            guard !exchange.blocks.isEmpty else { return finish(.success(nil), exchange, now: now) }
            let next = exchange.blocks.removeFirst()
            state = .exchanging(exchange)
            repeats = 0
            return send(.command(next), now: now)
        case .negativeAcknowledge:
            guard repeats < link.repeats, let message = self.message else {
                // Meters refuse in this way, too.
                return finish(.failure(""), exchange, now: now)
            }
            repeats += 1
            return send(message, now: now)
        case .command, .optionSelect: return fail(.text(.unexpectedMessage(waitingFor: awaited)), now: now)
        case .request, .identification, .telegram: return nil
        }
    }

    private mutating func dataReceived(
        _ data: DataMessage,
        _ exchange: Exchange,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        content += data.content
        guard content.count <= settings.maximumResponseLength else {
            return fail(.responseTooLong(limit: settings.maximumResponseLength), now: now)
        }
        if data.isPartial {
            repeats = 0
            return send(.acknowledge, now: now)
        }
        if let code = data.errorText { return finish(.failure(code), exchange, now: now) }
        do throws(DecodeError) {
            return finish(.success(try TextDataBlock(octets: content)), exchange, now: now)
        } catch {
            return fail(.text(.malformed(error, waitingFor: exchange.awaited)), now: now)
        }
    }

    private enum Answer {
        case success(TextDataBlock?)
        /// Refused, with the meter's word for why.
        case failure(String)
    }

    private mutating func finish(
        _ answer: Answer,
        _ exchange: Exchange,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        content = []
        guard exchange.isRead else {
            let outcome: TextOutcome =
                switch answer {
                case .success(let block): block.map { .answered($0) } ?? .done
                case .failure(let code): .refused(code: code)
                }
            return complete(.done(outcome), endingSession: false, now: now)
        }
        switch answer {
        case .success(let block):
            order?.results.append(.data(block ?? TextDataBlock(lines: [], isReadout: false)))
        case .failure(let code): order?.results.append(.refused(code: code))
        }
        return nextCommand(now: now)
    }
}

extension TextRequest {
    /// Whether it is a command of the programming mode.
    var isCommand: Bool {
        switch self {
        case .identification, .readout: false
        case .read, .write, .execute: true
        }
    }
}

extension TextRead.Command {
    /// The character behind the letter.
    fileprivate var digit: Character { Character(UnicodeScalar(rawValue)) }
}

extension TextWrite.Command {
    /// The character behind the letter.
    fileprivate var digit: Character { Character(UnicodeScalar(rawValue)) }

    /// Whether it goes in partial blocks.
    fileprivate var isInBlocks: Bool { self == .textBlocks || self == .formattedBlocks }
}
