// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Greets a meter of IEC 62056-21 and tells it how to go on.
///
/// ```
///  waking ─► pausing ─► requesting ─identification─► changing ─► confirming ─► resting ─► selected
///   (only if asked)        │  ▲                 │       │           (HDLC only)
///                          └──┘ again           │       └────────────────────────────► selected
///                                               └─ modes A and B ────────────────────► dataFollow
/// ```
struct TextSignOn: Sendable {
    /// What a meter is to go on with.
    enum Selection: Hashable, Sendable {
        /// A readout, with its mode control character.
        case readout(UInt8)
        /// The programming mode.
        case programming
        /// HDLC.
        case hdlc(OpticalSignOn)

        var modeControl: UInt8 {
            switch self {
            case .readout(let character): character
            case .programming: 0x31
            case .hdlc: 0x32
            }
        }
    }

    /// What came of it.
    enum Outcome: Hashable, Sendable {
        /// The meter goes on as selected.
        case selected(IdentificationMessage)
        /// A meter of mode A or B sends its data.
        case dataFollow(IdentificationMessage)
        /// The meter cannot be talked to.
        case failed(EngineError)
    }

    /// What is to be done after an event.
    struct Output: Hashable, Sendable {
        var commands: [ClientLink.Command] = []
        /// Set once, when the sign-on is over.
        var outcome: Outcome?
    }

    private enum Phase: Hashable, Sendable {
        case idle
        /// Wakes the meter up, or lets it come to itself.
        case waking
        case requesting
        /// The option is on its way at the old speed.
        case changing(IdentificationMessage, OptionSelectMessage)
        case confirming(IdentificationMessage, OptionSelectMessage)
        /// Waits before the first frame of HDLC.
        case resting(IdentificationMessage)
        case over
    }

    private let settings: TextSignOnSettings
    private let selection: Selection
    private let protocolControl: UInt8
    private var phase = Phase.idle
    private var attempts = 0
    /// Whether characters came that are no identification.
    private var hasNoise = false
    /// The speed that the line changes to with the option.
    private var newBaud: Int?
    /// When ``deadlineReached(now:)`` is to be called.
    private(set) var deadline: ContinuousClock.Instant?
    /// The line, for whoever goes on when the sign-on is over.
    private(set) var line: TextLine

    /// How long zeros are sent to wake a meter up, and how long it is left alone then (IEC 62056-21 annex B).
    private static let wakeUp = (time: Duration.milliseconds(2200), pause: Duration.milliseconds(1600))

    init(_ settings: TextSignOnSettings, _ selection: Selection, protocolControl: UInt8 = 0x30) {
        self.settings = settings
        self.selection = selection
        self.protocolControl = protocolControl
        line = TextLine(settings, side: .client)
    }

    /// What is waited for.
    var awaited: Awaited {
        if case .confirming = phase { .hdlcConfirmation } else { .identification }
    }

    /// What gives the line the format back in which sessions begin.
    var restoration: [ClientLink.Command] {
        line.format == settings.opening ? [] : [.setLine(settings.opening)]
    }

    /// Begins.
    mutating func begin(now: ContinuousClock.Instant) -> Output {
        let command = line.change(to: settings.opening)
        guard settings.wakesUp else {
            var output = request(now: now)
            output.commands.insert(command, at: 0)
            return output
        }
        phase = .waking
        let characterTime = line.duration(of: 1)
        let zeros = [UInt8](repeating: 0, count: Int(Self.wakeUp.time / characterTime))
        deadline = now + Self.wakeUp.time + Self.wakeUp.pause
        return Output(commands: [command, .send(zeros)])
    }

    /// Octets came.
    mutating func received(_ octets: [UInt8], now: ContinuousClock.Instant) -> Output {
        line.received(octets)
        switch phase {
        case .idle, .waking, .over: return Output()
        // What comes now is for whoever goes on.
        case .changing, .resting: return Output()
        case .requesting, .confirming:
            deadline = now + settings.characterTimeout
            return readMessages(now: now)
        }
    }

    /// The instant in ``deadline`` has come.
    mutating func deadlineReached(now: ContinuousClock.Instant) -> Output {
        guard let deadline, deadline <= now else { return Output() }
        self.deadline = nil
        switch phase {
        case .idle, .over: return Output()
        case .waking: return request(now: now)
        case .requesting:
            let output = readMessages(isSilent: true, now: now)
            guard case .requesting = phase, self.deadline == nil else { return output }
            guard attempts < settings.attempts else {
                return end(.failed(hasNoise ? .text(.identificationUnreadable) : .timeout(waitingFor: .identification)))
            }
            return request(now: now)
        case .changing(let identification, let option): return changeLine(identification, option, now: now)
        case .confirming(let identification, _):
            guard case .hdlc(let optical) = selection, optical.confirmationIsOptional else {
                let fault = newBaud.map { EngineError.text(.speedChangeLost(baud: $0)) }
                return end(.failed(fault ?? .timeout(waitingFor: .hdlcConfirmation)))
            }
            return end(.selected(identification))
        case .resting(let identification): return end(.selected(identification))
        }
    }

    private mutating func end(_ outcome: Outcome, _ commands: [ClientLink.Command] = []) -> Output {
        phase = .over
        deadline = nil
        return Output(commands: commands, outcome: outcome)
    }

    private mutating func request(now: ContinuousClock.Instant) -> Output {
        phase = .requesting
        attempts += 1
        line.clear()
        let length = settings.request.octets.count
        deadline = now + line.duration(of: length) + settings.reactionTimeout
        return Output(commands: [line.send(.request(settings.request))])
    }

    private mutating func readMessages(isSilent: Bool = false, now: ContinuousClock.Instant) -> Output {
        while let item = line.next(isSilent: isSilent) {
            switch (item, phase) {
            case (.message(.identification(let identification)), .requesting):
                return identified(identification, now: now)
            case (.message(.optionSelect(let answer)), .confirming(let identification, let option))
            where answer == option:
                guard case .hdlc(let optical) = selection, optical.pause > .zero else {
                    return end(.selected(identification))
                }
                phase = .resting(identification)
                deadline = now + optical.pause
                return Output()
            default: hasNoise = true
            }
        }
        return Output()
    }

    private mutating func identified(_ identification: IdentificationMessage, now: ContinuousClock.Instant) -> Output {
        let offered: Int?
        switch identification.mode {
        case .a: return end(selection.isText ? .dataFollow(identification) : .failed(.text(.noHDLC)))
        case .b(let baud):
            guard selection.isText else { return end(.failed(.text(.noHDLC))) }
            return end(.dataFollow(identification), changeOfModeB(to: baud))
        case .c(let baud), .e(let baud): offered = baud
        }
        if case .hdlc(let optical) = selection, !identification.allowsHDLC, !optical.insists {
            return end(.failed(.text(.noHDLC)))
        }
        let character = baudCharacter(identification, offered: offered)
        guard
            let option = OptionSelectMessage(
                protocolControl: selection.isText ? protocolControl : 0x32,
                baudCharacter: character,
                modeControl: selection.modeControl
            )
        else { return end(.failed(.text(.unexpectedMessage(waitingFor: .identification)))) }
        if settings.speedChange != .unnoticed, let baud = option.baud, baud != Int(line.format.baud) { newBaud = baud }
        let command = line.send(.optionSelect(option))
        guard newBaud != nil || !selection.isText else {
            return end(.selected(identification), [command])
        }
        phase = .changing(identification, option)
        let usual = identification.reactsQuickly ? Duration.milliseconds(5) : .milliseconds(40)
        deadline = now + line.duration(of: option.octets.count) + (settings.speedChangeDelay ?? usual)
        return Output(commands: [command])
    }

    /// The character that the option names the speed with.
    private func baudCharacter(_ identification: IdentificationMessage, offered: Int?) -> UInt8 {
        let lowest: UInt8 = 0x30
        switch settings.speedChange {
        case .unnoticed: return identification.baudCharacter
        case .none: return lowest
        // Nobody but the manufacturer knows the speed of other characters.
        case .offered: return offered == nil ? lowest : identification.baudCharacter
        case .limited(let limit):
            let speeds = (lowest...max(lowest, min(identification.baudCharacter, 0x36))).reversed()
            return speeds.first { TextBaudRate.modeC(of: $0).map { $0 <= limit } ?? false } ?? lowest
        }
    }

    private mutating func changeOfModeB(to baud: Int) -> [ClientLink.Command] {
        switch settings.speedChange {
        case .unnoticed, .none: return []
        case .offered, .limited:
            var format = line.format
            format.baud = UInt32(baud)
            return format == line.format ? [] : [line.change(to: format)]
        }
    }

    private mutating func changeLine(
        _ identification: IdentificationMessage,
        _ option: OptionSelectMessage,
        now: ContinuousClock.Instant
    ) -> Output {
        var format = line.format
        if let newBaud { format.baud = UInt32(newBaud) }
        guard !selection.isText else {
            return end(.selected(identification), [line.change(to: format)])
        }
        // The confirmation still comes with parity, which is bit 7 of a line that has changed already.
        phase = .confirming(identification, option)
        line.side = .clientAwaitingConfirmation
        deadline = now + settings.reactionTimeout
        var output = Output(commands: [line.change(to: LineFormat(baud: format.baud))])
        let read = readMessages(now: now)
        output.commands += read.commands
        output.outcome = read.outcome
        return output
    }
}

extension TextSignOn.Selection {
    /// Whether the meter goes on in text.
    fileprivate var isText: Bool {
        if case .hdlc = self { false } else { true }
    }
}
