// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The meter's side of one connection, without any input or output of its own.
///
/// Serves any number of associations side by side, one for each pair of addresses. On an HDLC line it minds only what is
/// addressed to it, so that several machines can listen to one line.
public struct ServerMachine: Sendable {
    /// How a server behaves where the standard leaves a choice.
    public struct Options: Hashable, Sendable {
        /// How a request is refused whose protection is not accepted; meters differ.
        public enum ProtectionRefusal: Hashable, Sendable {
            /// By an exception-response, which tells the expected invocation counter.
            case exceptionResponse
            /// By a confirmedServiceError that only tells of a deciphering error.
            case serviceError
            /// Not at all.
            case silence
        }

        /// What the blocks of a long response to a read of one variable by short name hold.
        ///
        /// Blocks of a response to several hold the list of results in any case.
        public enum ReadBlockContent: Hashable, Sendable {
            /// The Data only, as the clients of other implementations expect.
            case bareData
            /// The list of results with its count.
            case results
        }

        /// What the blocks of a long response to an ACTION hold.
        public var actionBlockContent: ActionBlockContent
        /// What the blocks of a long response to a read of one variable by short name hold.
        public var readBlockContent = ReadBlockContent.bareData
        /// The window of general block transfer, and how often a block is repeated.
        public var blockTransfer = GeneralBlockTransferSettings()
        /// What becomes of requests with a list, which some meters agree to and do not serve.
        public var lists = ListBehaviour.served
        /// How a request is refused whose protection is not accepted.
        public var protectionRefusal: ProtectionRefusal

        /// What becomes of requests with a list of attributes or methods.
        public enum ListBehaviour: String, Hashable, Sendable, CaseIterable {
            /// They are served.
            case served
            /// They are refused by an exception-response.
            case refused
            /// They are not answered.
            case ignored
        }

        /// The usual choices.
        public init(
            actionBlockContent: ActionBlockContent = .outcome,
            protectionRefusal: ProtectionRefusal = .exceptionResponse
        ) {
            self.actionBlockContent = actionBlockContent
            self.protectionRefusal = protectionRefusal
        }
    }

    private let objects: any ObjectServer
    private let options: Options
    private let random: @Sendable (Int) -> [UInt8]
    private var link: Link
    private var associations: [ClientAddress: ServedAssociation] = [:]

    /// What is below the associations.
    private enum Link: Sendable {
        case wrapper(WrapperReassembler)
        case hdlc(HDLCServerLink)
        case text(TextServerMachine)
        case hdlcModeE(HDLCServerLink, TextServerMachine)
    }

    /// Makes the machine of a new connection.
    ///
    /// - Parameters:
    ///   - objects: what is served.
    ///   - framing: how APDUs are framed.
    ///   - options: how the server behaves.
    ///   - random: where challenges and keys come from: so many random octets, none when there are none;
    ///     without them high level authentication is refused.
    public init(
        objects: any ObjectServer,
        framing: ServerFraming = .wrapper,
        options: Options = Options(),
        random: (@Sendable (Int) -> [UInt8])? = nil
    ) {
        self.objects = objects
        link =
            switch framing {
            case .wrapper: .wrapper(WrapperReassembler())
            case .hdlc(let settings): .hdlc(HDLCServerLink(settings))
            case .text(let settings): .text(TextServerMachine(settings))
            case .hdlcModeE(let settings, let text): .hdlcModeE(HDLCServerLink(settings), TextServerMachine(text))
            }
        self.options = options
        self.random = random ?? { _ in [] }
    }

    /// How many associations are open.
    public var openAssociations: Int { associations.values.count { $0.association.isOpen } }

    /// The connection was made, or the line is there.
    public mutating func connected(now: ContinuousClock.Instant) -> [ServerAction] {
        changeText { text in
            text.connected(now: now)
            return []
        }
    }

    /// The client's end of a serial line has this format now.
    ///
    /// In the text protocol a meter hears and is heard only at its own speed. To be told before octets that came since,
    /// and before each deadline; media without a speed never tell.
    public mutating func lineChanged(to format: LineFormat) -> [ServerAction] {
        changeText { text in
            text.lineChanged(to: format)
            return []
        }
    }

    /// Octets came from a client.
    public mutating func received(_ octets: [UInt8], now: ContinuousClock.Instant) -> [ServerAction] {
        switch link {
        case .wrapper(let reassembler): return received(octets, reassembler)
        case .hdlc(let link): return received(octets, link, now: now) { .hdlc($0) }
        case .hdlcModeE(let link, var text) where text.isHandedOver:
            guard text.isHeard else { return [] }
            text.noteUse(now: now)
            let actions = received(octets, link, now: now) { .hdlcModeE($0, text) }
            return actions.filter { if case .deadline = $0 { false } else { true } } + returnToText()
        case .text, .hdlcModeE:
            guard let texts = objects.texts else { return [] }
            return changeText { $0.received(octets, texts, now: now) }
        }
    }

    /// The time given by the last ``ServerAction/deadline(_:)`` has come: links on which nothing came are gone.
    public mutating func deadlineReached(now: ContinuousClock.Instant) -> [ServerAction] {
        switch link {
        case .wrapper: return []
        case .hdlc(var link):
            for address in link.deadlineReached(now: now) { associations[address] = nil }
            self.link = .hdlc(link)
            return [.deadline(link.deadline)]
        case .hdlcModeE(var link, let text):
            for address in link.deadlineReached(now: now) { associations[address] = nil }
            self.link = .hdlcModeE(link, text)
            return textDeadlineReached(now: now)
        case .text: return textDeadlineReached(now: now)
        }
    }

    private mutating func textDeadlineReached(now: ContinuousClock.Instant) -> [ServerAction] {
        guard let texts = objects.texts else { return [] }
        return changeText { $0.deadlineReached(texts, now: now) }
    }

    /// After the end of the last link of HDLC a client has to sign on again.
    private mutating func returnToText() -> [ServerAction] {
        guard case .hdlcModeE(let hdlc, _) = link else { return [] }
        return changeText { text in
            if hdlc.wasLeft { text.takeBack() }
            return []
        }
    }

    /// Lets something happen to the text protocol if it is spoken.
    private mutating func changeText(_ change: (inout TextServerMachine) -> [[UInt8]]) -> [ServerAction] {
        var text: TextServerMachine
        switch link {
        case .wrapper, .hdlc: return []
        case .text(let machine), .hdlcModeE(_, let machine): text = machine
        }
        let wasHandedOver = text.isHandedOver
        var actions = change(&text).map { ServerAction.send($0) }
        var deadline = text.deadline
        if case .hdlcModeE(var hdlc, _) = link {
            if wasHandedOver, !text.isHandedOver {
                hdlc = HDLCServerLink(hdlc.settings)
                associations = [:]
            }
            deadline = [deadline, hdlc.deadline].compactMap { $0 }.min()
            link = .hdlcModeE(hdlc, text)
        } else {
            link = .text(text)
        }
        actions.append(.deadline(deadline))
        return actions
    }

    private mutating func received(_ octets: [UInt8], _ reassembler: WrapperReassembler) -> [ServerAction] {
        var reassembler = reassembler
        defer { link = .wrapper(reassembler) }
        var actions: [ServerAction] = []
        reassembler.push(octets)
        do throws(DecodeError) {
            while let frame = try reassembler.next() {
                guard !frame.payload.isEmpty else { continue }
                let address = ClientAddress(clientSAP: frame.sourcePort, serverSAP: frame.destinationPort)
                let (replies, kind) = serve(frame.payload, from: address)
                actions += replies.compactMap { wrapped($0, to: address).map { .send($0) } }
                if let kind { actions.append(.served(kind)) }
                for message in notifications(after: kind, to: address) {
                    actions += wrapped(message, to: address).map { [.send($0)] } ?? []
                }
            }
        } catch {
            actions.append(.close)
        }
        return actions
    }

    private mutating func received(
        _ octets: [UInt8],
        _ link: HDLCServerLink,
        now: ContinuousClock.Instant,
        keep: (HDLCServerLink) -> Link
    ) -> [ServerAction] {
        var link = link
        let deadline = link.deadline
        var actions: [ServerAction] = []
        for frame in link.received(octets, now: now) {
            var notifications: [UInt8] = []
            switch link.event(frame, now: now) {
            case .ended(let address): associations[address] = nil
            case .apdu(let apdu, let address):
                let (replies, kind) = serve(apdu, from: address)
                for reply in replies { link.append(reply, to: address) }
                if let kind { actions.append(.served(kind)) }
                notifications = self.notifications(after: kind, to: address)
                    .flatMap { link.notification($0, to: address) }
            case .unanswered(let apdu, let address):
                if let kind = serve(apdu, from: address).kind { actions.append(.served(kind)) }
            case nil: break
            }
            // What nobody asked for comes before the final frame, after which it is the client's turn.
            let answer = notifications + link.answer(frame, now: now)
            if !answer.isEmpty { actions.append(.send(answer)) }
        }
        if link.deadline != deadline { actions.append(.deadline(link.deadline)) }
        self.link = keep(link)
        return actions
    }

    /// Serves an APDU; returns what to send, and what was served if a request was complete.
    private mutating func serve(
        _ apdu: [UInt8],
        from address: ClientAddress
    ) -> (replies: [[UInt8]], kind: ServedRequest?) {
        // Taken out while it changes, so that a long value is not copied for every block.
        var served =
            associations.removeValue(forKey: address)
            ?? ServedAssociation(
                ServerAssociation(address: address, options: options, random: random),
                options.blockTransfer
            )
        let result = served.received(apdu, objects)
        if served.association.isOpen { associations[address] = served }
        return result
    }

    /// The APDUs that nobody asked for and that follow a request.
    private mutating func notifications(after kind: ServedRequest?, to address: ClientAddress) -> [[UInt8]] {
        guard kind != nil, let client = associations[address]?.association.client else { return [] }
        return objects.takeNotifications(for: client).flatMap { associations[address]?.notify($0) ?? [] }
    }

    /// Sends a message that nobody asked for to a client, or to all that have an association.
    ///
    /// Clients that did not agree to its kind are left out. Over HDLC it goes in UI frames.
    public mutating func notify(_ message: UnsolicitedMessage, to client: ClientAddress? = nil) -> [ServerAction] {
        let addresses = client.map { [$0] } ?? associations.keys.sorted { $0.clientSAP < $1.clientSAP }
        return addresses.flatMap { address -> [ServerAction] in
            let apdus = associations[address]?.notify(message) ?? []
            return apdus.compactMap { apdu in
                switch link {
                case .wrapper: wrapped(apdu, to: address)
                case .hdlc(let link), .hdlcModeE(let link, _): link.notification(apdu, to: address)
                case .text: nil
                }
            }.map { .send($0) }
        }
    }

    private func wrapped(_ apdu: [UInt8], to client: ClientAddress) -> [UInt8]? {
        WrapperFrame(sourcePort: client.serverSAP, destinationPort: client.clientSAP, payload: apdu)?.octets
    }
}
