// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity

/// The server's side of one association, from the AARQ to the release.
///
/// ```
///            AARQ accepted
///  closed ─────────────────► open ──┐ GET, SET, ACTION
///    ▲ │ AARQ rejected        │ ▲───┘
///    │ └─┐                    │
///    └───┴──────── RLRQ ──────┘
/// ```
struct ServerAssociation: Sendable {
    /// An answer, nil for none, with what it was.
    struct Answer: Hashable, Sendable {
        var apdu: [UInt8]?
        var kind: ServedRequest
    }

    /// What is known while the association is open.
    private struct Session: Sendable {
        var client: ServedClient
        var terms: AssociationTerms
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

    private let address: ClientAddress
    private let options: ServerMachine.Options
    private var session: Session?
    /// The context of the association that was asked for last.
    private var context = ApplicationContext.logicalName

    init(address: ClientAddress, options: ServerMachine.Options) {
        self.address = address
        self.options = options
    }

    /// Whether services may be used.
    var isOpen: Bool { session != nil }

    /// Takes an APDU, which is never empty.
    mutating func received(_ apdu: [UInt8], _ objects: any ObjectServer) -> Answer {
        switch apdu[0] {
        case 0x60: return associate(apdu, objects)
        case 0x62:
            guard session != nil else { return exception(.serviceNotAllowed, .operationNotPossible) }
            session = nil
            return Answer(apdu: RLRE(reason: 0).octets, kind: .release)
        default: break
        }
        guard var session else { return exception(.serviceNotAllowed, .operationNotPossible) }
        let longest = Int(session.terms.maxReceivePDUSize)
        guard longest == 0 || apdu.count <= longest else { return exception(.serviceNotAllowed, .pduTooLong) }
        // Given up while it changes, so that a long value is not copied for every block.
        self.session = nil
        defer { self.session = session }
        return serve(apdu, &session, objects)
    }

    private func serve(_ apdu: [UInt8], _ session: inout Session, _ objects: any ObjectServer) -> Answer {
        let client = session.client
        let limit = session.sendLimit
        do throws(DecodeError) {
            if session.usesShortNames { return try serveShortNames(apdu, &session, objects) }
            switch apdu[0] {
            case 0xC0 where client.conformance.contains(.get):
                let request = try GetRequest(octets: apdu)
                return Answer(
                    apdu: session.get.answer(request, limit: limit, client: client, objects),
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
                let response = session.invoke.answer(request, limit: limit, client: client, objects)
                return Answer(apdu: request.invoke.isConfirmed ? response : nil, kind: .action)
            case 0xD9 where client.conformance.contains(.access):
                let request = try AccessRequest(octets: apdu)
                guard let response = ServerAccess.answer(request, client: client, objects) else {
                    return exception(.serviceUnknown, .otherReason)
                }
                return Answer(apdu: request.invoke.isConfirmed ? response : nil, kind: .access)
            default: return exception(.serviceUnknown, .serviceNotSupported)
            }
        } catch {
            return exception(.serviceUnknown, .otherReason)
        }
    }

    private func serveShortNames(
        _ apdu: [UInt8],
        _ session: inout Session,
        _ objects: any ObjectServer
    ) throws(DecodeError) -> Answer {
        let conformance = session.client.conformance
        guard let terms = session.terms.shortNames else { return exception(.serviceUnknown, .serviceNotSupported) }
        let names = ServedShortNames(terms: terms, client: session.client, objects: objects)
        switch apdu[0] {
        case 0x05 where conformance.contains(.read):
            let request = try ReadRequest(octets: apdu)
            return Answer(apdu: session.read.answer(request, limit: session.sendLimit, names), kind: .get)
        case 0x06 where conformance.contains(.write), 0x16 where conformance.contains(.unconfirmedWrite):
            let request = try WriteRequest(octets: apdu)
            let response = session.write.answer(request, names)
            return Answer(apdu: request.isConfirmed ? response.octets : nil, kind: .set)
        default: return exception(.serviceUnknown, .serviceNotSupported)
        }
    }

    private mutating func associate(_ apdu: [UInt8], _ objects: any ObjectServer) -> Answer {
        session = nil
        do throws(DecodeError) {
            let request = try AARQ(octets: apdu)
            guard let terms = objects.association(for: address) else { return reject(.noReasonGiven) }
            let asked = request.applicationContext
            let isServed =
                asked == .shortName
                ? terms.shortNames != nil : asked == .logicalName && terms.acceptsLogicalNames
            context = isServed ? asked : terms.acceptsLogicalNames ? .logicalName : .shortName
            guard isServed else { return reject(.applicationContextNameNotSupported) }
            let offers = [terms.authentication] + terms.alternatives
            guard let proven = offers.first(where: { refusal(of: request, $0) == nil }) else {
                // A wrong password says more than that another offer has no password.
                let reasons = offers.compactMap { refusal(of: request, $0) }
                let reason = reasons.first { $0 != .authenticationMechanismNameNotRecognised } ?? reasons.first
                return reject(reason ?? .noReasonGiven)
            }
            let initiate = try InitiateRequest(octets: request.userInformation ?? [])
            return accept(initiate, terms, proven)
        } catch {
            return exception(.serviceUnknown, .otherReason)
        }
    }

    private func refusal(of request: AARQ, _ authentication: AssociationAuthentication) -> AssociationDiagnostic? {
        switch authentication {
        case .none:
            let mechanism = request.mechanism ?? .lowest
            return mechanism == .lowest ? nil : .authenticationMechanismNameNotRecognised
        case .low(let password):
            guard let mechanism = request.mechanism else { return .authenticationMechanismNameRequired }
            guard mechanism == .low else { return .authenticationMechanismNameNotRecognised }
            let given = Secret(request.callingAuthenticationValue?.octets ?? [])
            return given == password ? nil : .authenticationFailure
        case .high: return .authenticationMechanismNameNotRecognised
        }
    }

    private mutating func accept(
        _ initiate: InitiateRequest,
        _ terms: AssociationTerms,
        _ proven: AssociationAuthentication
    ) -> Answer {
        guard initiate.proposedDLMSVersion == 6 else { return rejectInitiate(1) }
        let usesShortNames = context == .shortName
        let services = usesShortNames ? terms.shortNames?.conformance ?? [] : terms.conformance
        let conformance = initiate.proposedConformance.intersection(services)
        guard !conformance.isEmpty else { return rejectInitiate(2) }
        // No answer in blocks fits into less.
        let clientLimit = initiate.clientMaxReceivePDUSize
        guard clientLimit == 0 || clientLimit >= 32 else { return rejectInitiate(3) }
        let limits = [clientLimit, terms.maxSendPDUSize].filter { $0 > 0 }
        let isAuthenticated =
            switch proven {
            case .none: false
            case .low, .high: true
            }
        session = Session(
            client: ServedClient(address: address, isAuthenticated: isAuthenticated, conformance: conformance),
            terms: terms,
            sendLimit: limits.min().map { max(Int($0), 32) } ?? WrapperFrame.longestPayload,
            usesShortNames: usesShortNames,
            invoke: ServerInvoke(options.actionBlockContent),
            read: ServerRead(options.readBlockContent)
        )
        let response = InitiateResponse(
            negotiatedConformance: conformance,
            serverMaxReceivePDUSize: terms.maxReceivePDUSize,
            vaaName: usesShortNames ? InitiateResponse.shortNameVAAName : InitiateResponse.logicalNameVAAName
        )
        let apdu = AARE(
            applicationContext: context,
            result: .accepted,
            diagnostic: .null,
            userInformation: response.octets
        )
        return Answer(apdu: apdu.octets, kind: .associate)
    }

    private func reject(_ diagnostic: AssociationDiagnostic, _ userInformation: [UInt8]? = nil) -> Answer {
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

    private func exception(
        _ stateError: ExceptionResponse.StateError,
        _ serviceError: ExceptionResponse.ServiceError
    ) -> Answer {
        let apdu = ExceptionResponse(stateError: stateError, serviceError: serviceError)
        return Answer(apdu: apdu.octets, kind: .exception)
    }
}
