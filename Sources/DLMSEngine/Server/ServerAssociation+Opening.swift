// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity

/// Accepting and rejecting associations, and releasing them.
extension ServerAssociation {
    /// Takes an AARQ.
    mutating func associate(_ apdu: [UInt8], _ objects: any ObjectServer) -> Answer {
        session = nil
        do throws(DecodeError) {
            let request = try AARQ(octets: apdu)
            guard let terms = objects.association(for: address) else { return reject(.noReasonGiven) }
            let asked = request.applicationContext
            let isServed = isServed(asked, terms)
            context = isServed ? asked : terms.acceptsLogicalNames ? .logicalName : .shortName
            guard isServed else { return reject(.applicationContextNameNotSupported) }
            let title = request.callingAPTitle ?? terms.security?.clientSystemTitle ?? []
            if let security = terms.security, context.isCiphered || !title.isEmpty {
                guard title.count == 8, title == security.clientSystemTitle ?? title else {
                    return reject(.callingAPTitleNotRecognised)
                }
            }
            let offers = [terms.authentication] + terms.alternatives
            guard let proven = offers.first(where: { refusal(of: request, $0, terms) == nil }) else {
                // A wrong password says more than that another offer has no password.
                let reasons = offers.compactMap { refusal(of: request, $0, terms) }
                let reason = reasons.first { $0 != .authenticationMechanismNameNotRecognised } ?? reasons.first
                return reject(reason ?? .noReasonGiven)
            }
            return try open(request, terms, proven, title)
        } catch {
            return exception(.serviceUnknown, .otherReason)
        }
    }

    /// Whether objects are named, and APDUs ciphered, as the server wants it.
    private func isServed(_ context: ApplicationContext, _ terms: AssociationTerms) -> Bool {
        switch context {
        case .logicalName, .logicalNameCiphered: guard terms.acceptsLogicalNames else { return false }
        case .shortName, .shortNameCiphered: guard terms.shortNames != nil else { return false }
        default: return false
        }
        guard let security = terms.security else { return !context.isCiphered }
        return context.isCiphered || security.required == .none
    }

    private func refusal(
        of request: AARQ,
        _ authentication: AssociationAuthentication,
        _ terms: AssociationTerms
    ) -> AssociationDiagnostic? {
        switch authentication {
        case .none:
            let mechanism = request.mechanism ?? .lowest
            return mechanism == .lowest ? nil : .authenticationMechanismNameNotRecognised
        case .low(let password):
            guard let mechanism = request.mechanism else { return .authenticationMechanismNameRequired }
            guard mechanism == .low else { return .authenticationMechanismNameNotRecognised }
            let given = Secret(request.callingAuthenticationValue?.octets ?? [])
            return given == password ? nil : .authenticationFailure
        case .high(let high):
            guard let mechanism = request.mechanism else { return .authenticationMechanismNameRequired }
            guard mechanism == high.mechanism else { return .authenticationMechanismNameNotRecognised }
            let length = request.callingAuthenticationValue?.octets.count ?? 0
            return high.challengeLengths.contains(length) ? nil : .authenticationFailure
        }
    }

    /// Goes on with an AARQ whose sender may associate: protection and InitiateRequest.
    private mutating func open(
        _ request: AARQ,
        _ terms: AssociationTerms,
        _ proven: AssociationAuthentication,
        _ title: [UInt8]
    ) throws(DecodeError) -> Answer {
        var protection: ServerProtection?
        var information = OpenedMessage(apdu: request.userInformation ?? [], systemTitle: title)
        if let security = terms.security {
            do throws(ServerProtection.Refusal) {
                var layer = try makeProtection(security, title)
                if context.isCiphered {
                    information = try layer.open(information.apdu)
                    try layer.check(information.applied, isInitiate: true)
                }
                protection = layer
            } catch {
                return refusal(error)
            }
        }
        let initiate = try InitiateRequest(octets: information.apdu)
        if let key = initiate.dedicatedKey, (try? protection?.setDedicatedKey(key)) == nil {
            return reject(.noReasonGiven)
        }
        return accept(initiate, information, request, terms, proven, protection)
    }

    private func makeProtection(
        _ security: ServerSecurity,
        _ title: [UInt8]
    ) throws(ServerProtection.Refusal) -> ServerProtection {
        do {
            return try ServerProtection(
                security,
                clientSystemTitle: title,
                contentKey: Secret(random(security.suite.keyLength))
            )
        } catch {
            throw .undecipherable(error)
        }
    }

    private mutating func accept(
        _ initiate: InitiateRequest,
        _ information: OpenedMessage,
        _ request: AARQ,
        _ terms: AssociationTerms,
        _ proven: AssociationAuthentication,
        _ protection: ServerProtection?
    ) -> Answer {
        guard initiate.proposedDLMSVersion == 6 else { return rejectInitiate(1) }
        let services = context.usesShortNames ? terms.shortNames?.conformance ?? [] : terms.conformance
        let conformance = initiate.proposedConformance.intersection(services)
        guard !conformance.isEmpty else { return rejectInitiate(2) }
        // No answer in blocks fits into less.
        let clientLimit = initiate.clientMaxReceivePDUSize
        guard clientLimit == 0 || clientLimit >= 32 else { return rejectInitiate(3) }
        let limits = [clientLimit, terms.maxSendPDUSize].filter { $0 > 0 }
        var isAuthenticated = false
        if case .low = proven { isAuthenticated = true }
        var session = Session(
            client: ServedClient(
                address: address,
                isAuthenticated: isAuthenticated,
                conformance: conformance,
                mechanism: request.mechanism ?? .lowest,
                protection: information.applied,
                systemTitle: information.systemTitle.isEmpty ? nil : information.systemTitle
            ),
            terms: terms,
            // In an association without ciphering the keys serve the authentication only.
            protection: protection,
            sendLimit: limits.min().map { max(Int($0), 32) } ?? WrapperFrame.longestPayload,
            usesShortNames: context.usesShortNames,
            invoke: ServerInvoke(options.actionBlockContent),
            read: ServerRead(options.readBlockContent)
        )
        var challenge: [UInt8]?
        if case .high(let mechanism) = proven {
            challenge = random(32)
            session.challenge = makeChallenge(mechanism, request, session, challenge ?? [])
            guard session.challenge != nil else { return reject(.authenticationFailure) }
        }
        let response = initiateResponse(session).octets
        let apdu = AARE(
            applicationContext: context,
            result: .accepted,
            diagnostic: challenge == nil ? .null : .authenticationRequired,
            respondingAPTitle: terms.security?.systemTitle ?? terms.systemTitle,
            mechanism: challenge == nil ? nil : request.mechanism,
            respondingAuthenticationValue: challenge.map { AuthenticationValue($0) },
            userInformation: session.protection?.protect(response, asAnswerTo: information) ?? response
        )
        self.session = session
        return Answer(apdu: apdu.octets, kind: .associate)
    }

    private func initiateResponse(_ session: Session) -> InitiateResponse {
        InitiateResponse(
            negotiatedConformance: session.client.conformance,
            serverMaxReceivePDUSize: session.terms.maxReceivePDUSize,
            vaaName: session.usesShortNames ? InitiateResponse.shortNameVAAName : InitiateResponse.logicalNameVAAName
        )
    }

    private func makeChallenge(
        _ mechanism: HighLevelAuthentication,
        _ request: AARQ,
        _ session: Session,
        _ challenge: [UInt8]
    ) -> ServerChallenge? {
        guard let proof = try? mechanism.proof(unicast: session.protection?.unicast) else { return nil }
        let ownTitle = session.terms.security?.systemTitle ?? session.terms.systemTitle ?? []
        guard !challenge.isEmpty else { return nil }
        if mechanism.needsSystemTitles {
            guard ownTitle.count == 8, session.client.systemTitle?.count == 8 else { return nil }
        }
        return ServerChallenge(
            proof,
            ChallengeExchange(
                proverSystemTitle: session.client.systemTitle ?? [],
                verifierSystemTitle: ownTitle,
                challengeToProver: challenge,
                challengeToVerifier: request.callingAuthenticationValue?.octets ?? []
            )
        )
    }

    /// Takes the proof of the client by the method of the association object; nothing else is served before it.
    func proofReceived(_ apdu: [UInt8], _ session: inout Session) -> Answer {
        guard !session.usesShortNames else { return proofReceivedByShortName(apdu, &session) }
        guard case .normal(let header, let method, .octetString(let octets)?)? = try? ActionRequest(octets: apdu),
            method == AssociationMethod.replyToHLSAuthentication(usesShortNames: false)
        else { return exception(.serviceNotAllowed, .operationNotPossible) }
        let proof = prove(octets, &session)
        let result: ActionResult = proof == nil ? .readWriteDenied : .success
        let response = ActionResponse.normal(header, result, proof.map { .data(.octetString($0)) })
        return Answer(apdu: response.octets, kind: .action)
    }

    /// The method has a short name, too; it is read with a parameter, or written, which returns no proof of the server.
    private func proofReceivedByShortName(_ apdu: [UInt8], _ session: inout Session) -> Answer {
        let name: UInt16 = 0xFA58
        if let request = try? ReadRequest(octets: apdu), request.variables.count == 1,
            case .parameterizedAccess(name, _, .octetString(let octets)) = request.variables[0]
        {
            let result = prove(octets, &session).map { ReadResponse.Result.data(.octetString($0)) }
            return Answer(apdu: ReadResponse([result ?? .failure(.readWriteDenied)]).octets, kind: .action)
        }
        if let request = try? WriteRequest(octets: apdu), request.variables == [.variableName(name)],
            case .octetString(let octets)? = request.data.first
        {
            let result: WriteResponse.Result = prove(octets, &session) == nil ? .failure(.readWriteDenied) : .success
            return Answer(apdu: WriteResponse([result]).octets, kind: .action)
        }
        return exception(.serviceNotAllowed, .operationNotPossible)
    }

    /// Takes the proof of the client and returns that of the server; nil when the client's is wrong.
    func prove(_ octets: [UInt8], _ session: inout Session) -> [UInt8]? {
        guard let proof = session.challenge?.answer(octets, session.protection) else { return nil }
        session.challenge = nil
        session.client.isAuthenticated = true
        return proof
    }

    /// Takes an RLRQ.
    mutating func release(_ apdu: [UInt8]) -> Answer {
        guard var session else { return exception(.serviceNotAllowed, .operationNotPossible) }
        var response = RLRE(reason: 0)
        if let information = (try? RLRQ(octets: apdu))?.userInformation, context.isCiphered,
            var protection = session.protection
        {
            // A release that cannot be deciphered may come from anybody.
            do throws(ServerProtection.Refusal) {
                let message = try protection.open(information)
                try protection.check(message.applied, isInitiate: true)
                let initiate = initiateResponse(session)
                response.userInformation = protection.protect(initiate.octets, asAnswerTo: message)
                session.protection = protection
            } catch {
                return refusal(error)
            }
        }
        self.session = nil
        return Answer(apdu: response.octets, kind: .release)
    }

    // MARK: Rejections

    func reject(_ diagnostic: AssociationDiagnostic, _ userInformation: [UInt8]? = nil) -> Answer {
        let apdu = AARE(
            applicationContext: context,
            result: .rejectedPermanent,
            diagnostic: diagnostic,
            userInformation: userInformation
        )
        return Answer(apdu: apdu.octets, kind: .refuse)
    }

    /// Rejects what the InitiateRequest proposes: error class 6 (initiate) of service 1.
    private func rejectInitiate(_ error: UInt8) -> Answer {
        reject(.noReasonGiven, ConfirmedServiceError(service: 1, errorClass: 6, error: error).octets)
    }
}

extension ApplicationContext {
    /// Whether APDUs are ciphered.
    var isCiphered: Bool { self == .logicalNameCiphered || self == .shortNameCiphered }

    /// Whether objects are named by short names.
    var usesShortNames: Bool { self == .shortName || self == .shortNameCiphered }
}
