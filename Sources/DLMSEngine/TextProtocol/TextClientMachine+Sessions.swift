// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Sessions: how they begin, what comes in them, and how they end.
extension TextClientMachine {
    /// Begins a request.
    mutating func begin(_ request: TextRequest, now: ContinuousClock.Instant) -> [ClientAction] {
        if case .listening(let format) = link.access {
            switch request {
            case .identification, .readout: break
            case .read, .write, .execute: return fail(.text(.onlyListening), now: now)
            }
            line = TextLine(link.signOn, side: .listener)
            state = .listening
            wait = now + link.listeningTimeout
            return actions([line.change(to: format)])
        }
        var ended: [ClientAction] = []
        if case .programming = state {
            if let lastUse, now < lastUse + link.programmingTimeout, request.isCommand { return nextCommand(now: now) }
            ended = endSession(now: now)
        }
        guard let nextSession, now < nextSession else { return ended + signOn(request, now: now) }
        state = .pausing
        wait = nextSession
        return ended
    }

    private mutating func signOn(_ request: TextRequest, now: ContinuousClock.Instant) -> [ClientAction] {
        let selection: TextSignOn.Selection =
            switch request {
            case .readout(let kind): .readout(kind.modeControl)
            case .identification, .read, .write, .execute: .programming
            }
        var signOn = TextSignOn(link.signOn, selection, protocolControl: link.protocolControl)
        wait = nil
        let output = signOn.begin(now: now)
        return follow(output, signOn, now: now)
    }

    /// Goes on with what the sign-on has come to.
    mutating func follow(
        _ output: TextSignOn.Output,
        _ signOn: TextSignOn,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        let done = actions(output.commands)
        guard let outcome = output.outcome else {
            state = .signingOn(signOn)
            return done
        }
        line = signOn.line
        repeats = 0
        content = []
        isDamaged = false
        hasSession = true
        wait = now + link.signOn.reactionTimeout
        switch outcome {
        case .failed(let error):
            hasSession = false
            return done + fail(error, now: now)
        case .dataFollow(let identification):
            line.awaitData(of: identification)
            state = .receivingData(identification)
        case .selected(let identification):
            if case .readout = order?.request {
                line.awaitData(of: identification)
                state = .receivingData(identification)
            } else {
                line.side = .client
                state = .enteringProgramming(identification)
            }
        }
        return done + readMessages(now: now)
    }

    /// A wait has ended without what was waited for, as far as it is known yet.
    mutating func waitEnded(now: ContinuousClock.Instant) -> [ClientAction] {
        switch state {
        case .idle, .ready, .signingOn, .programming, .closed: return []
        case .pausing:
            guard let order else { return [] }
            return signOn(order.request, now: now)
        case .draining:
            let ended = endSession(now: now)
            state = .ready
            return ended
        case .listening: return fail(.timeout(waitingFor: .telegram), now: now)
        case .receivingData, .enteringProgramming, .givingPassword, .exchanging:
            let read = readMessages(isSilent: true, now: now)
            // Something was made of it.
            guard read.isEmpty, wait == nil else { return read }
            return silence(now: now)
        }
    }

    /// Nothing came that can be read.
    private mutating func silence(now: ContinuousClock.Instant) -> [ClientAction] {
        switch state {
        case .enteringProgramming(let identification) where order?.request == .identification:
            return complete(.identification(identification), endingSession: true, now: now)
        case .receivingData, .enteringProgramming:
            let baud = line.format.baud
            if baud != link.signOn.opening.baud, repeats == 0 {
                return fail(.text(.speedChangeLost(baud: Int(baud))), now: now)
            }
        case .exchanging(let exchange) where exchange.isRead && content.isEmpty && repeats < link.repeats:
            // A question or its answer was lost; to ask once more does no harm.
            repeats = link.repeats
            return message.map { send($0, now: now) } ?? []
        case .idle, .ready, .pausing, .signingOn, .listening, .givingPassword, .programming, .exchanging, .draining,
            .closed:
            break
        }
        let fault = EngineError.text(.damaged(waitingFor: awaited, times: repeats))
        return fail(repeats > 0 && isDamaged ? fault : .timeout(waitingFor: awaited), now: now)
    }

    /// Reads what has come as far as the state wants it.
    mutating func readMessages(isSilent: Bool = false, now: ContinuousClock.Instant) -> [ClientAction] {
        var isNewlyDamaged = false
        while let item = line.next(isSilent: isSilent) {
            switch item {
            case .message(let message):
                if let actions = received(message, now: now) { return actions }
            // Damage is behind us if a good message follows.
            case .noise(_, let error): isNewlyDamaged = isNewlyDamaged || error != nil
            }
        }
        guard isNewlyDamaged, !line.isReceiving else { return [] }
        if case .listening = state { return [] }
        isDamaged = true
        guard repeats < link.repeats else {
            return fail(.text(.damaged(waitingFor: awaited, times: repeats + 1)), now: now)
        }
        repeats += 1
        line.clear()
        if case .receivingData(let identification) = state { line.awaitData(of: identification) }
        // The meter repeats what it sent; what we sent stays what it would have to repeat if this is lost.
        wait = now + line.duration(of: 1) + link.signOn.reactionTimeout
        return actions([line.send(.negativeAcknowledge)])
    }

    /// Takes a message; nil when it is not what is waited for.
    private mutating func received(_ message: TextMessage, now: ContinuousClock.Instant) -> [ClientAction]? {
        switch (state, message) {
        case (.listening, .telegram(let telegram)):
            return received(TextReadout(telegram), endingSession: false, now: now)
        case (.listening, .identification(let identification)):
            line.awaitData(of: identification)
            state = .receivingData(identification)
            wait = now + link.signOn.characterTimeout
            return readMessages(now: now)
        case (.receivingData, .telegram(let telegram)):
            return received(TextReadout(telegram), endingSession: true, now: now)
        case (.receivingData(let identification), .data(let data)):
            return dataReceived(data, of: identification, now: now)
        case (.receivingData, .command(.signOff)), (.enteringProgramming, .command(.signOff)),
            (.exchanging, .command(.signOff)):
            hasSession = false
            return fail(.text(.brokenOff(waitingFor: awaited)), now: now)
        case (.enteringProgramming(let identification), .command(let command)) where command.name == "P0":
            return programmingBegun(identification, operand: command.data ?? [], now: now)
        // Observed: meters that enter the programming mode without an operand.
        case (.enteringProgramming(let identification), .acknowledge):
            return programmingBegun(identification, operand: [], now: now)
        // A meter without programming mode that gives its data instead.
        case (.enteringProgramming(let identification), .data):
            guard order?.request == .identification else { return fail(.text(.noProgrammingMode), now: now) }
            return complete(.identification(identification), endingSession: true, now: now)
        case (.givingPassword, _): return passwordAnswered(message, now: now)
        case (.exchanging(let exchange), _): return commandAnswered(message, exchange, now: now)
        case (.idle, _), (.ready, _), (.pausing, _), (.signingOn, _), (.listening, _), (.receivingData, _),
            (.enteringProgramming, _), (.programming, _), (.draining, _), (.closed, _):
            return nil
        }
    }

    private mutating func dataReceived(
        _ data: DataMessage,
        of identification: IdentificationMessage,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        content += data.content
        guard content.count <= settings.maximumResponseLength else {
            return fail(.responseTooLong(limit: settings.maximumResponseLength), now: now)
        }
        guard !data.isPartial else { return send(.acknowledge, now: now) }
        do throws(DecodeError) {
            let block = try TextDataBlock(octets: content)
            let readout = TextReadout(identification: identification, block: block, check: .blockCheck)
            return received(readout, endingSession: true, now: now)
        } catch {
            return fail(.text(.malformed(error, waitingFor: .readout)), now: now)
        }
    }

    /// Takes a readout, which modes A and B give whatever is wanted.
    private mutating func received(
        _ readout: TextReadout,
        endingSession: Bool,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        switch order?.request {
        case .readout, nil: return complete(.readout(readout), endingSession: endingSession, now: now)
        case .identification:
            return complete(.identification(readout.identification), endingSession: endingSession, now: now)
        // IEC 62056-21 §6.4.1 and §6.4.2: in modes A and B commands may follow the data.
        case .read, .write, .execute:
            return programmingBegun(readout.identification, operand: [], now: now)
        }
    }

    /// The request is done.
    mutating func complete(
        _ response: TextResponse,
        endingSession: Bool,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        let isAwaited = order != nil
        order = nil
        wait = nil
        lastUse = now
        var ended: [ClientAction] = []
        if case .readout = response {
            // The meter has ended the session with its data.
            hasSession = false
        }
        if case .listening = link.access {
            state = .ready
        } else if endingSession {
            ended = endSession(now: now)
            state = .ready
        } else {
            state = .programming
        }
        return ended + (isAwaited ? [.completed(.text(response))] : [])
    }

    /// The request, and the session with it, has failed.
    mutating func fail(_ error: EngineError, now: ContinuousClock.Instant) -> [ClientAction] {
        let isAwaited = order != nil
        let ended = endSession(now: now)
        if error.endsConnection {
            close()
        } else {
            state = .ready
            order = nil
            wait = nil
        }
        return ended + (isAwaited ? [.failed(error)] : []) + (error.endsConnection ? [.close] : [])
    }

    /// Ends the session if there may be one, and gives the line the format in which sessions begin.
    mutating func endSession(now: ContinuousClock.Instant) -> [ClientAction] {
        var commands: [ClientLink.Command] = []
        let hadSession: Bool
        if case .signingOn(let signOn) = state {
            line = signOn.line
            hadSession = true
        } else {
            hadSession = hasSession || line.format != link.signOn.opening
        }
        guard hadSession, case .asking = link.access else { return [] }
        if hasSession { commands.append(line.send(.command(.signOff))) }
        nextSession = now + line.duration(of: CommandMessage.signOff.octets.count) + link.pauseBetweenSessions
        hasSession = false
        if line.format != link.signOn.opening { commands.append(line.change(to: link.signOn.opening)) }
        return actions(commands)
    }

    /// Sends a message that the meter answers.
    mutating func send(_ message: TextMessage, now: ContinuousClock.Instant) -> [ClientAction] {
        self.message = message
        wait = now + line.duration(of: message.octets.count) + link.signOn.reactionTimeout
        return actions([line.send(message)])
    }

    func actions(_ commands: [ClientLink.Command]) -> [ClientAction] {
        commands.map { command in
            switch command {
            case .send(let octets): .send(octets)
            case .setLine(let format): .setLine(format)
            }
        }
    }
}
