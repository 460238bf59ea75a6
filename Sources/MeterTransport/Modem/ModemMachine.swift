// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What a ``ModemMachine`` wants done by whoever drives it, in this order.
enum ModemAction: Hashable, Sendable {
    /// Send these octets to the modem.
    case send([UInt8])
    /// Call ``ModemMachine/deadlineReached(now:)`` at this instant; replaces the deadline before, nil = none.
    case deadline(ContinuousClock.Instant?)
    /// The other side has answered: from now on octets pass.
    case connected(speed: UInt32?)
    /// Octets came from the other side.
    case received([UInt8])
    /// There is no call.
    case failed(ModemFault)
    /// The call has ended as was asked for.
    case hungUp
}

/// The side of a modem with AT commands that dials, without any input or output of its own.
///
/// ```
///  idle ─start─► commanding ─all OK─► dialling ─CONNECT─► connected ─hang up─► quiet ─► escaping ─► hanging up ─► ended
///                  │ silence           │  ▲ again            │ NO CARRIER
///                  ▼                   ▼  │                  ▼
///                 quiet ─► +++ ─► ATH  pausing (busy)        ended
/// ```
///
/// A modem that does not answer at first may be in a call that nobody knows of any more: it is asked to hang up once.
struct ModemMachine: Sendable {
    private enum State {
        case idle
        case commanding(index: Int)
        case dialling(attempt: Int)
        /// The number was busy and is to be dialled again.
        case pausing(attempt: Int)
        case connected
        /// Nothing is sent, so that the escape sequence is told from data.
        case quiet(Purpose)
        case escaping(Purpose)
        case hangingUp(Purpose)
        /// Dialling is given up.
        case aborting
        case ended
    }

    /// Why a call is ended.
    private enum Purpose {
        /// As was asked for.
        case leaving
        /// One that is left from before, so that the modem may answer to commands again.
        case waking
    }

    private static let lineEnd: [UInt8] = [0x0D]
    private static let escape = Array("+++".utf8)
    private static let lost = Array("\r\nNO CARRIER\r\n".utf8)
    /// Modems do not say more than this in a line.
    private static let longestLine = 256

    private let settings: ModemSettings
    private let commands: [String]
    private var state = State.idle
    private var line: [UInt8] = []
    private var mayWake = true
    /// Whether a line feed that comes next still belongs to CONNECT.
    private var endsConnectLine = false
    /// How much of the message that the call is lost has come.
    private var lostMatch = 0

    init(_ settings: ModemSettings) {
        self.settings = settings
        commands = ["ATZ", "ATE0Q0V1"] + settings.initialization
    }

    /// Whether octets pass.
    var isConnected: Bool {
        if case .connected = state { true } else { false }
    }

    /// Whether there is nothing to be hung up.
    var hasEnded: Bool {
        switch state {
        case .idle, .ended: true
        case .commanding, .dialling, .pausing, .connected, .quiet, .escaping, .hangingUp, .aborting: false
        }
    }

    /// The line to the modem is open: it is prepared, and dials.
    mutating func start(now: ContinuousClock.Instant) -> [ModemAction] {
        guard case .idle = state else { return [] }
        return command(0, now: now)
    }

    /// Octets came from the modem.
    mutating func received(_ octets: [UInt8], now: ContinuousClock.Instant) -> [ModemAction] {
        var actions: [ModemAction] = []
        var rest = octets[...]
        while let octet = rest.first {
            if isConnected { return actions + dataReceived(rest) }
            rest.removeFirst()
            guard octet == 0x0D || octet == 0x0A else {
                if line.count < Self.longestLine { line.append(octet) }
                continue
            }
            let complete = line
            line = []
            guard !complete.isEmpty, let result = ModemResult(complete) else { continue }
            endsConnectLine = octet == 0x0D
            actions += resultReceived(result, now: now)
        }
        return actions
    }

    /// The time given by the last ``ModemAction/deadline(_:)`` has come.
    mutating func deadlineReached(now: ContinuousClock.Instant) -> [ModemAction] {
        switch state {
        case .commanding(let index):
            guard index == 0, mayWake else { return fail(.notAnswering) }
            mayWake = false
            state = .quiet(.waking)
            return [.deadline(now + settings.guardTime)]
        case .dialling:
            state = .ended
            // Any character ends dialling.
            return [.send(Self.lineEnd), .deadline(nil), .failed(.noResult)]
        case .pausing(let attempt): return dial(attempt + 1, now: now)
        case .quiet(let purpose):
            state = .escaping(purpose)
            return [.send(Self.escape), .deadline(now + settings.guardTime + settings.commandTimeout)]
        case .escaping(let purpose): return onHook(purpose, now: now)
        case .hangingUp(let purpose): return hungUp(purpose, now: now)
        case .aborting: return end()
        case .idle, .connected, .ended: return []
        }
    }

    /// The call is to be ended, or not to be made any more.
    mutating func hangUp(now: ContinuousClock.Instant) -> [ModemAction] {
        switch state {
        case .connected:
            state = .quiet(.leaving)
            return [.deadline(now + settings.guardTime)]
        case .dialling:
            state = .aborting
            return [.send(Self.lineEnd), .deadline(now + settings.commandTimeout)]
        case .quiet(.leaving), .escaping(.leaving), .hangingUp(.leaving), .aborting: return []
        case .idle, .commanding, .pausing, .quiet, .escaping, .hangingUp, .ended: return end()
        }
    }

    private mutating func resultReceived(_ result: ModemResult, now: ContinuousClock.Instant) -> [ModemAction] {
        switch state {
        case .commanding(let index):
            switch result {
            case .ok: return command(index + 1, now: now)
            case .error: return fail(.commandRefused(commands[index]))
            // What is left of a call before.
            case .connect, .busy, .noAnswer, .noCarrier, .noDialTone, .dialForbidden: return []
            }
        case .dialling(let attempt): return dialled(result, attempt, now: now)
        case .escaping(let purpose): return onHook(purpose, now: now)
        case .hangingUp(let purpose): return hungUp(purpose, now: now)
        case .aborting: return end()
        case .idle, .pausing, .connected, .quiet, .ended: return []
        }
    }

    private mutating func dialled(
        _ result: ModemResult,
        _ attempt: Int,
        now: ContinuousClock.Instant
    ) -> [ModemAction] {
        switch result {
        case .connect(let speed):
            state = .connected
            lostMatch = 0
            return [.deadline(nil), .connected(speed: speed)]
        case .busy:
            guard attempt <= settings.busyRetries else { return fail(.busy(attempts: attempt)) }
            state = .pausing(attempt: attempt)
            return [.deadline(now + settings.busyPause)]
        case .noAnswer: return fail(.noAnswer)
        case .noCarrier: return fail(.noCarrier)
        case .noDialTone: return fail(.noDialTone)
        case .dialForbidden: return fail(.dialForbidden)
        case .error: return fail(.commandRefused(settings.dial))
        case .ok: return []
        }
    }

    /// Hands on what came from the other side, and looks for the modem's word that the call is lost.
    private mutating func dataReceived(_ octets: ArraySlice<UInt8>) -> [ModemAction] {
        let data = endsConnectLine && octets.first == 0x0A ? octets.dropFirst() : octets
        endsConnectLine = false
        guard !data.isEmpty else { return [] }
        for octet in data {
            if octet != Self.lost[lostMatch] { lostMatch = 0 }
            if octet == Self.lost[lostMatch] { lostMatch += 1 }
            if lostMatch == Self.lost.count { return [.received(Array(data))] + fail(.carrierLost) }
        }
        return [.received(Array(data))]
    }

    private mutating func command(_ index: Int, now: ContinuousClock.Instant) -> [ModemAction] {
        guard index < commands.count else { return dial(1, now: now) }
        state = .commanding(index: index)
        return [.send(Array(commands[index].utf8) + Self.lineEnd), .deadline(now + settings.commandTimeout)]
    }

    private mutating func dial(_ attempt: Int, now: ContinuousClock.Instant) -> [ModemAction] {
        state = .dialling(attempt: attempt)
        return [.send(Array(settings.dial.utf8) + Self.lineEnd), .deadline(now + settings.connectTimeout)]
    }

    /// The modem takes commands again, or keeps silent: it is told to hang up.
    private mutating func onHook(_ purpose: Purpose, now: ContinuousClock.Instant) -> [ModemAction] {
        state = .hangingUp(purpose)
        return [.send(Array("ATH".utf8) + Self.lineEnd), .deadline(now + settings.commandTimeout)]
    }

    private mutating func hungUp(_ purpose: Purpose, now: ContinuousClock.Instant) -> [ModemAction] {
        switch purpose {
        case .leaving: end()
        case .waking: command(0, now: now)
        }
    }

    private mutating func end() -> [ModemAction] {
        state = .ended
        return [.deadline(nil), .hungUp]
    }

    private mutating func fail(_ fault: ModemFault) -> [ModemAction] {
        state = .ended
        return [.deadline(nil), .failed(fault)]
    }
}
