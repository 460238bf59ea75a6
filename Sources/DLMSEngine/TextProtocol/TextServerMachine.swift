// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The meter's side of the text protocol of IEC 62056-21.
///
/// ```
///  idle ─request─► identified ─option─► sending data ─► idle
///                      │   └──option──► programming ─break─► idle
///                      └──────option──► handed over to HDLC ─► idle
/// ```
///
/// Where the other side's speed is known, the machine hears and is heard only at its own.
struct TextServerMachine: Sendable {
    private enum State: Hashable, Sendable {
        case idle
        case identified
        /// The data are on their way, or may be asked for again.
        case sendingData
        case programming
        /// The rest of a long answer waits for an ACK.
        case sendingBlocks([DataMessage])
        case handedOver
    }

    /// Something to be sent when its time has come.
    private struct Pending: Hashable, Sendable {
        var octets: [UInt8]
        var instant: ContinuousClock.Instant
        /// The speed at which it goes.
        var baud: Int
    }

    private let settings: TextServerSettings
    private var state = State.idle {
        didSet {
            // Outside of the programming mode ACK begins an option.
            switch state {
            case .programming, .sendingBlocks, .sendingData: reassembler.side = .client
            case .idle, .identified, .handedOver: reassembler.side = .meter
            }
        }
    }
    private var reassembler = TextMessageReassembler(side: .meter)
    private var pending: [Pending] = []
    private var baud = TextBaudRate.opening
    /// The speed of the other side, if it is known.
    private var clientBaud: Int?
    /// Its speed before, while it is not sure which of them the octets had that come next.
    private var formerClientBaud: Int?
    private var isAuthenticated = false
    private var wrongPasswords = 0
    private var operand = ""
    /// The blocks of a write that came so far.
    private var content: [UInt8] = []
    private var lastSent: [UInt8] = []
    private var isAwake = false
    private var zeros = 0
    /// When what was begun is given up, or the next telegram is due.
    private var limit: ContinuousClock.Instant?

    /// The zeros that wake a meter up; two seconds of them at 300 Bd are 60.
    private static let waking = 40
    /// How long after its data a meter can be asked for them again.
    private static let repetitionTime = Duration.milliseconds(1800)

    init(_ settings: TextServerSettings) {
        self.settings = settings
        if settings.sendingInterval != nil { baud = TextBaudRate.modeD }
    }

    /// When ``deadlineReached(_:now:)`` is to be called.
    var deadline: ContinuousClock.Instant? {
        [pending.first?.instant, limit].compactMap { $0 }.min()
    }

    /// Whether the client has selected HDLC.
    var isHandedOver: Bool { state == .handedOver }

    /// Whether the other side can be heard, and hears.
    var isHeard: Bool { clientBaud.map { $0 == baud } ?? true }

    /// The line is there.
    mutating func connected(now: ContinuousClock.Instant) {
        limit = settings.sendingInterval.map { now + $0 }
    }

    /// The other side has this speed now.
    mutating func lineChanged(to format: LineFormat) {
        guard clientBaud != Int(format.baud) else { return }
        formerClientBaud = clientBaud
        clientBaud = Int(format.baud)
    }

    /// The link behind the sign-on has ended.
    mutating func takeBack() {
        endSession()
    }

    /// HDLC is in use.
    mutating func noteUse(now: ContinuousClock.Instant) {
        limit = now + settings.inactivityTimeout
    }

    /// Octets came; returns what is sent at once.
    mutating func received(
        _ octets: [UInt8],
        _ objects: any TextObjectServer,
        now: ContinuousClock.Instant
    ) -> [[UInt8]] {
        let echo = settings.echoes ? [octets] : []
        let isHeard = isHeard || formerClientBaud == baud
        formerClientBaud = nil
        guard isHeard, settings.sendingInterval == nil else { return echo }
        zeros += octets.count { $0 == 0 }
        if zeros >= Self.waking { isAwake = true }
        let characters = octets.filter { $0 & 0x7F != 0 }
        guard isAwake || !settings.sleeps, !characters.isEmpty else { return echo }
        reassembler.push(characters)
        var isDamaged = false
        while let item = reassembler.next() {
            switch item {
            case .message(let message):
                isDamaged = false
                received(message, objects, now: now)
            case .noise(_, let error): isDamaged = isDamaged || error != nil
            }
        }
        if isDamaged, state == .programming { send([TextCharacter.negativeAcknowledge], now: now) }
        return echo
    }

    /// The instant in ``deadline`` has come; returns what is sent.
    mutating func deadlineReached(_ objects: any TextObjectServer, now: ContinuousClock.Instant) -> [[UInt8]] {
        var sent: [[UInt8]] = []
        while let next = pending.first, next.instant <= now {
            pending.removeFirst()
            baud = next.baud
            if isHeard { sent.append(next.octets) }
            if state == .sendingData { limit = now + Self.repetitionTime }
        }
        guard let limit, limit <= now, pending.isEmpty else { return sent }
        self.limit = nil
        if let interval = settings.sendingInterval {
            self.limit = now + interval
            return sent + (isHeard ? [telegram(objects)] : [])
        }
        if state == .identified, settings.optionTimeout != nil {
            state = .sendingData
            sendData(.standard, objects, after: now)
        } else {
            endSession()
        }
        return sent
    }

    private mutating func received(
        _ message: TextMessage,
        _ objects: any TextObjectServer,
        now: ContinuousClock.Instant
    ) {
        limit = now + settings.inactivityTimeout
        switch (state, message) {
        case (.handedOver, _): return
        case (_, .request(let request)):
            guard isForUs(request) else { return }
            endSession()
            isAwake = true
            identify(objects, now: now)
        case (.identified, .optionSelect(let option)): selected(option, objects, now: now)
        case (_, .command(.signOff)): endSession()
        case (.sendingData, .command(let command)):
            // Modes A and B go on with commands behind their data.
            state = .programming
            received(command, objects, now: now)
        case (.programming, .command(let command)): received(command, objects, now: now)
        case (.sendingBlocks(var blocks), .acknowledge):
            let next = blocks.removeFirst()
            state = blocks.isEmpty ? .programming : .sendingBlocks(blocks)
            send(next.octets, now: now)
        case (.sendingBlocks, .command(let command)):
            state = .programming
            received(command, objects, now: now)
        case (_, .negativeAcknowledge):
            if !lastSent.isEmpty { send(lastSent, now: now) }
        case (.idle, _), (.identified, _), (.sendingData, _), (.programming, _), (.sendingBlocks, _): return
        }
    }

    private func isForUs(_ request: RequestMessage) -> Bool {
        guard !request.address.isEmpty else { return !settings.needsAddress }
        guard let address = settings.address else { return true }
        return request.address.drop { $0 == "0" } == address.drop { $0 == "0" }
    }

    private mutating func identify(_ objects: any TextObjectServer, now: ContinuousClock.Instant) {
        let first = now + settings.reactionTime
        switch settings.identification.mode {
        case .a:
            state = .sendingData
            if settings.hasBlockCheck {
                send(settings.identification.octets, at: first)
                sendData(.standard, objects, after: now)
            } else {
                send(telegram(objects), at: first)
            }
        case .b(let faster):
            state = .sendingData
            let characters = settings.identification.octets
            send(characters, at: first)
            let line = LineFormat(baud: UInt32(TextBaudRate.opening), dataBits: 7, parity: .even)
            let left = first + Self.duration(of: characters.count, line)
            let data =
                settings.hasBlockCheck
                ? block(.standard, objects) : Array(telegram(objects).dropFirst(characters.count))
            lastSent = data
            pending.append(Pending(octets: data, instant: left + settings.reactionTime, baud: faster))
        case .c, .e:
            state = .identified
            send(settings.identification.octets, at: first)
            limit = now + (settings.optionTimeout ?? settings.inactivityTimeout)
        }
    }

    private mutating func selected(
        _ option: OptionSelectMessage,
        _ objects: any TextObjectServer,
        now: ContinuousClock.Instant
    ) {
        // On a line in memory the option is there at once; on a real one it takes its time at the old speed.
        let now = now + Self.duration(of: option.octets.count, LineFormat(baud: UInt32(baud)))
        if option.baudCharacter <= settings.identification.baudCharacter, let faster = option.baud { baud = faster }
        switch (option.protocolControl, option.modeControl) {
        case (0x32, 0x32) where settings.identification.allowsHDLC:
            send(option.octets, now: now)
            state = .handedOver
        case (_, 0x31):
            state = .programming
            operand = objects.passwordOperand()
            let content = Array("(\(operand))".utf8)
            if let command = CommandMessage(0x50, 0x30, data: content) { send(command.octets, now: now) }
        case (_, let character):
            // Observed: meters that answer any other mode with their data.
            state = .sendingData
            let kind = ManufacturerReadout(rawValue: character).map { TextReadoutKind.manufacturer($0) } ?? .standard
            sendData(kind, objects, after: now)
        }
    }

    private mutating func received(
        _ command: CommandMessage,
        _ objects: any TextObjectServer,
        now: ContinuousClock.Instant
    ) {
        guard !command.isPassword else { return passwordReceived(command, objects, now: now) }
        content += command.data ?? []
        guard !command.isPartial else { return send([TextCharacter.acknowledge], now: now) }
        defer { content = [] }
        guard let request = TextServerCommand(command, content) else { return refuse("ER01", now: now) }
        switch objects.perform(request, isAuthenticated: isAuthenticated) {
        case .done: send([TextCharacter.acknowledge], now: now)
        case .refused(let code): refuse(code, now: now)
        case .data(let block): send(block.octets, inBlocks: request.allowsBlocks, now: now)
        }
    }

    private mutating func passwordReceived(
        _ command: CommandMessage,
        _ objects: any TextObjectServer,
        now: ContinuousClock.Instant
    ) {
        let data = command.data ?? []
        let password = data.first == 0x28 && data.last == 0x29 ? Array(data.dropFirst().dropLast()) : data
        isAuthenticated = objects.accepts(
            password: password,
            isEncrypted: command.type == 0x32,
            operand: operand
        )
        guard !isAuthenticated else { return send([TextCharacter.acknowledge], now: now) }
        wrongPasswords += 1
        guard wrongPasswords < settings.passwordAttempts else {
            send(CommandMessage.signOff.octets, now: now)
            let last = pending
            endSession()
            pending = last
            return
        }
        refuse("ER04", now: now)
    }

    private mutating func refuse(_ code: String, now: ContinuousClock.Instant) {
        guard !code.isEmpty, let message = DataMessage(content: Array("(\(code))".utf8)) else {
            return send([TextCharacter.negativeAcknowledge], now: now)
        }
        send(message.octets, now: now)
    }

    /// Sends an answer, in partial blocks if it is long and the command allows that.
    private mutating func send(_ content: [UInt8], inBlocks: Bool, now: ContinuousClock.Instant) {
        let length = inBlocks ? settings.blockLength ?? content.count : content.count
        var blocks = stride(from: 0, to: max(content.count, 1), by: max(length, 1)).compactMap { start in
            let end = min(start + length, content.count)
            return DataMessage(content: Array(content[start..<end]), isPartial: end < content.count)
        }
        guard !blocks.isEmpty else { return refuse("ER02", now: now) }
        let first = blocks.removeFirst()
        if !blocks.isEmpty { state = .sendingBlocks(blocks) }
        send(first.octets, now: now)
    }

    private mutating func sendData(
        _ kind: TextReadoutKind,
        _ objects: any TextObjectServer,
        after now: ContinuousClock.Instant
    ) {
        if settings.hasBlockCheck {
            send(block(kind, objects), now: now)
        } else {
            send(Array(telegram(objects, kind).dropFirst(settings.identification.octets.count)), now: now)
        }
    }

    private func block(_ kind: TextReadoutKind, _ objects: any TextObjectServer) -> [UInt8] {
        let block = objects.readout(kind) ?? TextDataBlock(lines: [], isReadout: true)
        return DataMessage(content: block.octets)?.octets ?? []
    }

    private func telegram(_ objects: any TextObjectServer, _ kind: TextReadoutKind = .standard) -> [UInt8] {
        TextTelegram(
            identification: settings.identification,
            lines: objects.readout(kind)?.lines ?? [],
            hasEmptyLine: settings.sendingInterval != nil
        ).octets
    }

    private mutating func send(_ characters: [UInt8], now: ContinuousClock.Instant) {
        send(characters, at: now + settings.reactionTime)
    }

    private mutating func send(_ characters: [UInt8], at instant: ContinuousClock.Instant) {
        if characters != [TextCharacter.negativeAcknowledge] { lastSent = characters }
        pending.append(Pending(octets: settings.parity.octets(of: characters), instant: instant, baud: baud))
    }

    private mutating func endSession() {
        state = .idle
        pending = []
        baud = TextBaudRate.opening
        isAuthenticated = false
        wrongPasswords = 0
        content = []
        lastSent = []
        isAwake = false
        zeros = 0
        limit = nil
    }

    private static func duration(of count: Int, _ line: LineFormat) -> Duration {
        .microseconds(Int64(count) * 10_000_000 / Int64(max(line.baud, 1)))
    }
}

extension TextServerCommand {
    /// What a message asks for; nil for what the standard does not know or cannot be read.
    fileprivate init?(_ command: CommandMessage, _ content: [UInt8]) {
        guard let set = try? TextDataSet(octets: content) else { return nil }
        switch command.command {
        case 0x52:
            guard let kind = TextRead.Command(rawValue: command.type) else { return nil }
            self = .read(TextRead(set, by: kind))
        case 0x57:
            guard let kind = TextWrite.Command(rawValue: command.type) else { return nil }
            self = .write(TextWrite(set, by: kind))
        case 0x45: self = .execute(set)
        default: return nil
        }
    }

    /// Whether the answer may come in partial blocks.
    fileprivate var allowsBlocks: Bool {
        switch self {
        case .read(let read): [.textBlocks, .formattedBlocks, .blocks].contains(read.command)
        case .write, .execute: false
        }
    }
}
