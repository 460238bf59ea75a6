// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity

/// The server's side of one association, from the AARQ to the release.
///
/// ```
///            AARQ accepted
///  closed ───────────────────────► open ──┐ GET, SET, ACTION
///    ▲ │ │ AARQ with challenge      ▲ ▲───┘
///    │ │ └──────► challenged ─proof─┘ │
///    │ └─┐ AARQ rejected  │           │
///    └───┴──── RLRQ ──────┴───────────┘
/// ```
struct ServerAssociation: Sendable {
    /// An answer, nil for none, with what it was.
    struct Answer: Hashable, Sendable {
        var apdu: [UInt8]?
        var kind: ServedRequest
    }

    /// What is known while the association is open.
    struct Session: Sendable {
        var client: ServedClient
        var terms: AssociationTerms
        /// How messages are protected; nil = in clear.
        var protection: ServerProtection?
        /// The proof that the client owes; nothing else is served before it has come.
        var challenge: ServerChallenge?
        /// The longest APDU that may be sent.
        var sendLimit: Int
        /// Whether objects are named by short names.
        var usesShortNames: Bool
        var get = ServerGet()
        var set = ServerSet()
        var invoke: ServerInvoke
        var read: ServerRead
        var write = ServerWrite()
    }

    let address: ClientAddress
    let options: ServerMachine.Options
    /// Where challenges and keys come from: so many random octets.
    let random: @Sendable (Int) -> [UInt8]
    var session: Session?
    /// The context of the association that was asked for last.
    var context = ApplicationContext.logicalName

    init(
        address: ClientAddress,
        options: ServerMachine.Options,
        random: @escaping @Sendable (Int) -> [UInt8]
    ) {
        self.address = address
        self.options = options
        self.random = random
    }

    /// Whether services may be used.
    var isOpen: Bool { session != nil }

    /// Takes an APDU, which is never empty.
    ///
    /// - Parameters:
    ///   - apdu: the request.
    ///   - objects: what is served.
    ///   - inBlocks: whether it came in general blocks, so that neither it nor the answer is bound to the PDU sizes.
    mutating func received(_ apdu: [UInt8], _ objects: any ObjectServer, inBlocks: Bool = false) -> Answer {
        switch apdu[0] {
        case 0x60: return associate(apdu, objects)
        case 0x62: return release(apdu)
        default: break
        }
        guard var session else { return exception(.serviceNotAllowed, .operationNotPossible) }
        let longest = Int(session.terms.maxReceivePDUSize)
        guard longest == 0 || inBlocks || apdu.count <= longest else {
            return exception(.serviceNotAllowed, .pduTooLong)
        }
        // Given up while it changes, so that a long value is not copied for every block.
        self.session = nil
        let answer = protectedReceived(apdu, &session, objects, inBlocks: inBlocks)
        // A client that did not prove who it is has lost its association.
        if session.challenge?.isFailed != true { self.session = session }
        return answer
    }

    /// Takes the protection off a request, and puts it on the answer.
    private func protectedReceived(
        _ apdu: [UInt8],
        _ session: inout Session,
        _ objects: any ObjectServer,
        inBlocks: Bool
    ) -> Answer {
        let sendLimit = inBlocks ? Self.longestAnswer : session.sendLimit
        guard var protection = session.protection else {
            guard !SecurityContext.isProtected(apdu[0]) else { return refusal(.undecipherable(.keyNotAvailable)) }
            return serve(apdu, &session, limit: sendLimit, objects)
        }
        session.protection = nil
        defer { session.protection = protection }
        session.challenge?.counterFloor = protection.lastOfClient
        do throws(ServerProtection.Refusal) {
            let message = try protection.open(apdu)
            try protection.check(message.applied)
            guard !message.apdu.isEmpty else { return exception(.serviceUnknown, .otherReason) }
            session.client.protection = message.applied
            let limit = max(sendLimit - protection.overhead(message), 24)
            session.protection = protection
            var answer = serve(message.apdu, &session, limit: limit, objects)
            answer.apdu = answer.apdu.flatMap { protection.protect($0, asAnswerTo: message) }
            return answer
        } catch {
            return refusal(error)
        }
    }

    /// The longest answer in general blocks, in octets.
    private static let longestAnswer = 16 << 20

    /// The longest APDU that may be sent at once; nil while no association is open.
    var sendLimit: Int? { session?.sendLimit }

    /// The client; nil while no association is open.
    var client: ServedClient? { session?.client }

    /// The APDU of a message that nobody asked for; nil if the client did not agree to its kind.
    mutating func notification(_ message: UnsolicitedMessage) -> [UInt8]? {
        guard let session, session.challenge == nil else { return nil }
        let needed: Conformance =
            switch message {
            case .eventNotification: .eventNotification
            case .dataNotification: .dataNotification
            case .informationReport: .informationReport
            case .other: []
            }
        guard session.client.conformance.isSuperset(of: needed) else { return nil }
        guard session.protection != nil else { return message.octets }
        return self.session?.protection?.protect(message.octets, asLastRequest: session.client.protection)
    }

    /// Whether long APDUs may come and go in general blocks.
    var usesGeneralBlocks: Bool { session?.client.conformance.contains(.generalBlockTransfer) ?? false }

    private func serve(
        _ apdu: [UInt8],
        _ session: inout Session,
        limit shortLimit: Int,
        _ objects: any ObjectServer
    ) -> Answer {
        if session.challenge != nil { return proofReceived(apdu, &session) }
        let client = session.client
        /// The longest answer of a service, which has blocks of its own if that was agreed.
        func limit(_ ownBlocks: Conformance) -> Int {
            client.conformance.contains(.generalBlockTransfer) && client.conformance.isDisjoint(with: ownBlocks)
                ? Self.longestAnswer : shortLimit
        }
        do throws(DecodeError) {
            if apdu[0] == 0x10 {
                _ = try DataNotificationConfirm(octets: apdu)
                return Answer(apdu: nil, kind: .confirmation)
            }
            if session.usesShortNames { return try serveShortNames(apdu, &session, limit: shortLimit, objects) }
            if let answer = try answerToList(apdu) { return answer }
            switch apdu[0] {
            case 0xC0 where client.conformance.contains(.get):
                let request = try GetRequest(octets: apdu)
                return Answer(
                    apdu: session.get.answer(
                        request,
                        limit: limit(.blockTransferWithGetOrRead),
                        client: client,
                        objects
                    ),
                    kind: .get
                )
            case 0xC1 where client.conformance.contains(.set):
                let request = try SetRequest(octets: apdu)
                guard !request.isList || client.conformance.contains(.multipleReferences) else {
                    return exception(.serviceUnknown, .serviceNotSupported)
                }
                let response = session.set.answer(request, client: client, objects)
                return Answer(apdu: request.invoke.isConfirmed ? response.octets : nil, kind: .set)
            case 0xC3 where client.conformance.contains(.action):
                let request = try ActionRequest(octets: apdu)
                guard !request.isList || client.conformance.contains(.multipleReferences) else {
                    return exception(.serviceUnknown, .serviceNotSupported)
                }
                let response = session.invoke.answer(
                    request,
                    limit: limit(.blockTransferWithAction),
                    client: client,
                    objects
                )
                return Answer(apdu: request.invoke.isConfirmed ? response : nil, kind: .action)
            case 0xD9 where client.conformance.contains(.access):
                let request = try AccessRequest(octets: apdu)
                guard let response = ServerAccess.answer(request, client: client, objects),
                    response.count <= limit([])
                else {
                    return exception(.serviceUnknown, .otherReason)
                }
                return Answer(apdu: request.invoke.isConfirmed ? response : nil, kind: .access)
            default: return exception(.serviceUnknown, .serviceNotSupported)
            }
        } catch {
            return exception(.serviceUnknown, .otherReason)
        }
    }

    /// What a request with a list comes to that is not served as one; nil for what is served.
    private func answerToList(_ apdu: [UInt8]) throws(DecodeError) -> Answer? {
        guard options.lists != .served else { return nil }
        let isList =
            switch apdu[0] {
            case 0xC0: try GetRequest(octets: apdu).isList
            case 0xC1: try SetRequest(octets: apdu).isList
            case 0xC3: try ActionRequest(octets: apdu).isList
            default: false
            }
        guard isList else { return nil }
        return options.lists == .ignored
            ? Answer(apdu: nil, kind: .exception) : exception(.serviceUnknown, .serviceNotSupported)
    }

    private func serveShortNames(
        _ apdu: [UInt8],
        _ session: inout Session,
        limit: Int,
        _ objects: any ObjectServer
    ) throws(DecodeError) -> Answer {
        let conformance = session.client.conformance
        guard let terms = session.terms.shortNames else { return exception(.serviceUnknown, .serviceNotSupported) }
        let names = ServedShortNames(terms: terms, client: session.client, objects: objects)
        switch apdu[0] {
        case 0x05 where conformance.contains(.read):
            let request = try ReadRequest(octets: apdu)
            return Answer(apdu: session.read.answer(request, limit: limit, names), kind: .get)
        case 0x06 where conformance.contains(.write), 0x16 where conformance.contains(.unconfirmedWrite):
            let request = try WriteRequest(octets: apdu)
            let response = session.write.answer(request, names)
            return Answer(apdu: request.isConfirmed ? response.octets : nil, kind: .set)
        default: return exception(.serviceUnknown, .serviceNotSupported)
        }
    }

    // MARK: Refusals

    func exception(
        _ stateError: ExceptionResponse.StateError,
        _ serviceError: ExceptionResponse.ServiceError
    ) -> Answer {
        let apdu = ExceptionResponse(stateError: stateError, serviceError: serviceError)
        return Answer(apdu: apdu.octets, kind: .exception)
    }

    /// Refuses a request because of its protection, always in clear.
    func refusal(_ reason: ServerProtection.Refusal) -> Answer {
        switch (options.protectionRefusal, reason) {
        case (.silence, _): return Answer(apdu: nil, kind: .exception)
        case (.serviceError, _):
            // Application reference: deciphering error.
            let error = ConfirmedServiceError(service: 1, errorClass: 0, error: 6)
            return Answer(apdu: error.octets, kind: .exception)
        case (.exceptionResponse, .counter(let expected)):
            return Answer(
                apdu: ExceptionResponse(expectedInvocationCounter: expected).octets,
                kind: .exception
            )
        case (.exceptionResponse, .tooWeak): return exception(.serviceNotAllowed, .operationNotPossible)
        case (.exceptionResponse, .undecipherable): return exception(.serviceNotAllowed, .decipheringError)
        }
    }
}
