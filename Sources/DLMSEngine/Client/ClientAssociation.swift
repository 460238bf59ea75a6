// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity

/// The client's side of an association: what is asked for, what was agreed, and the numbers of its requests.
struct ClientAssociation: Sendable {
    /// What an AARE that accepts asks for.
    enum Acceptance: Hashable, Sendable {
        /// Nothing; requests may be made.
        case open
        /// Our proof, which is sent by this request.
        case challenged(ServiceRequest)
    }

    /// What makes and checks proofs, and what they are about.
    private struct Proof {
        let proof: HighLevelProof
        let exchange: ChallengeExchange
    }

    let settings: AssociationSettings
    /// What was agreed and learned; before that, what was proposed.
    var info: AssociationInfo
    /// The short names, when the association uses them.
    var shortNames: ShortNames
    /// The client's challenge; empty when none is needed.
    var challenge: [UInt8] = []
    /// What makes and checks proofs, with our side as the prover, while the server's own proof is awaited.
    private var proof: Boxed<Proof>?
    private var invokeID: UInt8 = 0
    /// How long the request that began the exchange in progress was, in octets before protection.
    var lastRequestLength = 0

    init(_ settings: AssociationSettings) {
        self.settings = settings
        info = AssociationInfo(conformance: [], serverMaxReceivePDUSize: 0, learned: settings.learned)
        info.usesShortNames = settings.referencing == .shortName
        shortNames = ShortNames(settings.shortNames)
    }

    /// What it means that there is no answer: on a connection on which logical names were refused before, that another
    /// connection is needed for short names.
    func attemptFailed(_ error: EngineError) -> EngineError {
        guard settings.referencing == .automatic, info.usesShortNames else { return error }
        return switch error {
        case .timeout, .connectionClosed: .shortNamesOnly
        default: error
        }
    }

    /// What came unasked, with names for what it tells.
    func unsolicited(_ apdu: [UInt8]) -> UnsolicitedMessage {
        UnsolicitedMessage(apdu, names: shortNames.forLater, methods: settings.shortNames.methods)
    }

    /// Whether a refusal of logical names means that short names may do.
    func mayUseShortNames(after error: EngineError) -> Bool {
        guard settings.referencing == .automatic, !info.usesShortNames else { return false }
        return error.isAboutContext
    }

    /// The next attempt asks for short names.
    mutating func useShortNames() {
        info.usesShortNames = true
    }

    /// The number of the next request: 1 to 15 in turn, so that a late answer to the one before is recognised.
    mutating func nextInvokeID() -> UInt8 {
        invokeID = invokeID % 15 + 1
        return invokeID
    }

    /// The server found the last request too long: requests are half as long from now on; false when they cannot be.
    mutating func shrinkRequests() -> Bool {
        let limit = lastRequestLength / 2
        guard limit >= 40, limit < info.shortRequestLimit else { return false }
        info.learned.requestLimit = limit
        return true
    }

    private var clientSystemTitle: [UInt8]? { settings.security?.clientSystemTitle ?? settings.clientSystemTitle }

    private var proposedConformance: Conformance {
        var proposed = info.usesShortNames ? settings.shortNames.proposedConformance : settings.proposedConformance
        if settings.security?.usesGeneralProtection == true { proposed.insert(.generalProtection) }
        return proposed
    }

    /// How objects are named, and whether APDUs may be ciphered.
    private func applicationContext(_ protection: ClientProtection) -> ApplicationContext {
        switch (info.usesShortNames, protection.isCiphering) {
        case (false, false): .logicalName
        case (false, true): .logicalNameCiphered
        case (true, false): .shortName
        case (true, true): .shortNameCiphered
        }
    }

    private var initiateRequest: InitiateRequest {
        InitiateRequest(
            proposedConformance: proposedConformance,
            clientMaxReceivePDUSize: settings.maxReceivePDUSize
        )
    }

    /// The AARQ.
    mutating func request(_ protection: inout ClientProtection) -> Result<[UInt8], EngineError> {
        do throws(EngineError) {
            var request = AARQ(
                applicationContext: applicationContext(protection),
                callingAPTitle: clientSystemTitle,
                userInformation: try protection.protectInitiate(initiateRequest)
            )
            request.callingAEQualifier = settings.callingAEQualifier
            request.callingAEInvocationID = settings.callingUserID.map { [$0] }
            if let (mechanism, value) = calling {
                request.senderACSERequirements = AARQ.authenticationRequirement
                request.mechanism = mechanism
                request.callingAuthenticationValue = AuthenticationValue(value)
            }
            return .success(request.octets)
        } catch {
            return .failure(error)
        }
    }

    /// The mechanism with the password or challenge; nil without authentication.
    private var calling: (AuthenticationMechanism, [UInt8])? {
        switch settings.authentication {
        case .none: nil
        case .low(let password): (.low, password.exposedOctets)
        case .high(let mechanism): (mechanism.mechanism, challenge)
        }
    }

    /// The RLRQ; in an association with ciphering it carries a ciphered InitiateRequest, if there is a counter for it.
    mutating func releaseRequest(_ protection: inout ClientProtection) -> [UInt8] {
        guard protection.isCiphering, settings.releaseCarriesInitiate else { return RLRQ(reason: 0).octets }
        return RLRQ(reason: 0, userInformation: try? protection.protectInitiate(initiateRequest)).octets
    }

    /// Takes the association for open without asking, with what was proposed.
    mutating func presume(_ protection: ClientProtection) {
        agreed(proposedConformance, serverMaxReceivePDUSize: settings.presumedServerPDUSize)
        info.protectionOverhead = protection.overhead
        info.serverSystemTitle = settings.security?.serverSystemTitle ?? settings.serverSystemTitle
    }

    private mutating func agreed(_ conformance: Conformance, serverMaxReceivePDUSize: UInt16) {
        let usesShortNames = info.usesShortNames
        info = AssociationInfo(
            conformance: conformance,
            serverMaxReceivePDUSize: serverMaxReceivePDUSize,
            learned: info.learned
        )
        info.maxSendPDUSize = settings.maxSendPDUSize
        if conformance.contains(.generalBlockTransfer) { info.generalBlockTransfer = settings.blockTransfer.use }
        info.usesShortNames = usesShortNames
        info.shortNames = shortNames.forLater
    }

    /// Takes the answer to the AARQ.
    mutating func responseReceived(
        _ apdu: [UInt8],
        _ protection: inout ClientProtection
    ) -> Result<Acceptance, EngineError> {
        if let error = ServerRefusal.error(in: apdu, awaiting: .associationResponse) { return .failure(error) }
        guard apdu.first == 0x61 else {
            return .failure(.unexpectedAPDU(tag: apdu.first ?? 0, waitingFor: .associationResponse))
        }
        let response: AARE
        do {
            var reader = OctetReader(apdu)
            response = try AARE(decoding: &reader)
        } catch {
            return .failure(.malformed(error, waitingFor: .associationResponse))
        }
        do throws(EngineError) {
            return .success(try accept(response, &protection))
        } catch {
            return .failure(error)
        }
    }

    private mutating func accept(
        _ response: AARE,
        _ protection: inout ClientProtection
    ) throws(EngineError) -> Acceptance {
        protection.learned(serverTitle: response.respondingAPTitle)
        guard response.result == .accepted else {
            throw rejection(response, &protection)
        }
        var mechanism: HighLevelAuthentication?
        if case .high(let high) = settings.authentication { mechanism = high }
        // Diagnostic 14 in an accepting answer asks for a high level authentication that was not proposed.
        guard mechanism != nil || response.diagnostic != .authenticationRequired else {
            throw rejection(response, &protection)
        }
        let initiate = try initiateResponse(response.userInformation ?? [], &protection)
        guard info.usesShortNames || initiate.vaaName != InitiateResponse.shortNameVAAName else {
            throw .shortNamesOnly
        }
        agreed(initiate.negotiatedConformance, serverMaxReceivePDUSize: initiate.serverMaxReceivePDUSize)
        info.protectionOverhead = protection.overhead
        info.serverSystemTitle =
            response.respondingAPTitle ?? settings.security?.serverSystemTitle ?? settings.serverSystemTitle
        info.lastServerCounter = protection.lastServerCounter
        guard let mechanism else { return .open }
        return .challenged(try answer(response.respondingAuthenticationValue?.octets ?? [], mechanism, &protection))
    }

    /// What a rejecting AARE tells; what its user information cannot be read stays out.
    private func rejection(_ response: AARE, _ protection: inout ClientProtection) -> EngineError {
        var information = response.userInformation ?? []
        if let tag = information.first, SecurityContext.isProtected(tag) {
            information = (try? protection.open(information).apdu) ?? []
        }
        var reader = OctetReader(information)
        return .associationRejected(
            result: response.result,
            diagnostic: response.diagnostic,
            initiateError: try? ConfirmedServiceError(decoding: &reader)
        )
    }

    /// Reads the InitiateResponse, which has to be protected as requests are.
    private func initiateResponse(
        _ information: [UInt8],
        _ protection: inout ClientProtection
    ) throws(EngineError) -> InitiateResponse {
        var octets = information
        var required = protection.required
        // Initiate APDUs are ciphered and never signed.
        required.isSigned = false
        if let tag = information.first, SecurityContext.isProtected(tag) {
            let message = try protection.open(information)
            guard message.applied.isAtLeast(required) else {
                throw .serverProtectionTooWeak(required: required, received: message.applied)
            }
            octets = message.apdu
        } else if required != .none {
            throw .serverProtectionTooWeak(required: required, received: .none)
        }
        do {
            var reader = OctetReader(octets)
            return try InitiateResponse(decoding: &reader)
        } catch {
            throw .malformed(error, waitingFor: .associationResponse)
        }
    }

    // MARK: High level authentication

    /// The request that carries our proof (pass 3).
    private mutating func answer(
        _ serverChallenge: [UInt8],
        _ mechanism: HighLevelAuthentication,
        _ protection: inout ClientProtection
    ) throws(EngineError) -> ServiceRequest {
        // A server that sends our challenge back could have us make its proof for it.
        guard !serverChallenge.isEmpty, serverChallenge != challenge else { throw .authenticationFailed }
        if mechanism.needsSystemTitles, info.serverSystemTitle?.count != 8 { throw .serverSystemTitleUnknown }
        let exchange = ChallengeExchange(
            proverSystemTitle: clientSystemTitle ?? [],
            verifierSystemTitle: info.serverSystemTitle ?? [],
            challengeToProver: serverChallenge,
            challengeToVerifier: challenge
        )
        let counter = mechanism == .gmac ? try protection.takeCounter(false) : 0
        do {
            let proof = try mechanism.proof(unicast: protection.context?.value.unicast)
            self.proof = Boxed(Proof(proof: proof, exchange: exchange))
            let octets = try proof.prove(exchange, invocationCounter: counter)
            let method = AssociationMethod.replyToHLSAuthentication(usesShortNames: info.usesShortNames)
            return .action(method, .octetString(octets))
        } catch {
            throw .protectionFailed(error)
        }
    }

    /// Takes the answer to our proof, which has to be the server's own (pass 4); returns what is wrong with it.
    mutating func proofReceived(_ response: ServiceResponse) -> EngineError? {
        guard let proof = proof?.value, case .action(let outcome) = response else { return .authenticationFailed }
        self.proof = nil
        guard outcome.result == .success else { return .authenticationRefused(outcome.result) }
        do {
            guard case .octetString(let octets)? = try outcome.returned?.value() else { return .authenticationFailed }
            try proof.proof.verify(octets, of: proof.exchange.reversed)
            return nil
        } catch {
            return .authenticationFailed
        }
    }
}
