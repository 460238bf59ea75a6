// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity

/// The client's side of an association: what is asked for, what was agreed, and the numbers of its requests.
struct ClientAssociation: Sendable {
    let settings: AssociationSettings
    /// What was agreed and learned; before that, what was proposed.
    var info: AssociationInfo
    /// The short names, when the association uses them.
    var shortNames: ShortNames
    private var invokeID: UInt8 = 0

    init(_ settings: AssociationSettings) {
        self.settings = settings
        info = AssociationInfo(conformance: [], serverMaxReceivePDUSize: 0, lists: .notNegotiated)
        info.usesShortNames = settings.referencing == .shortName
        shortNames = ShortNames(settings.shortNames)
    }

    /// The number of the next request: 1 to 15 in turn, so that a late answer to the one before is recognised.
    mutating func nextInvokeID() -> UInt8 {
        invokeID = invokeID % 15 + 1
        return invokeID
    }

    /// The AARQ.
    func request() -> [UInt8] {
        let initiate = InitiateRequest(
            proposedConformance: info.usesShortNames
                ? settings.shortNames.proposedConformance : settings.proposedConformance,
            clientMaxReceivePDUSize: settings.maxReceivePDUSize
        )
        let context: ApplicationContext = info.usesShortNames ? .shortName : .logicalName
        switch settings.authentication {
        case .none, .high:
            return AARQ(applicationContext: context, userInformation: initiate.octets).octets
        case .low(let password):
            return AARQ(
                applicationContext: context,
                mechanism: .low,
                callingAuthenticationValue: AuthenticationValue(password.exposedOctets),
                userInformation: initiate.octets
            ).octets
        }
    }

    /// The RLRQ.
    func releaseRequest() -> [UInt8] {
        RLRQ(reason: 0).octets
    }

    /// Takes the answer to the AARQ.
    mutating func responseReceived(_ apdu: [UInt8]) -> Result<AssociationInfo, EngineError> {
        if let error = ServerRefusal.error(in: apdu, awaiting: .associationResponse) { return .failure(error) }
        guard apdu.first == 0x61 else {
            return .failure(.unexpectedAPDU(tag: apdu.first ?? 0, waitingFor: .associationResponse))
        }
        do throws(DecodeError) {
            var reader = OctetReader(apdu)
            return responseReceived(try AARE(decoding: &reader))
        } catch {
            return .failure(.malformed(error, waitingFor: .associationResponse))
        }
    }

    private mutating func responseReceived(_ response: AARE) -> Result<AssociationInfo, EngineError> {
        let information = response.userInformation ?? []
        // Diagnostic 14 in an accepting answer asks for a high level authentication that was not proposed.
        guard response.result == .accepted, response.diagnostic != .authenticationRequired else {
            var reader = OctetReader(information)
            return .failure(
                .associationRejected(
                    result: response.result,
                    diagnostic: response.diagnostic,
                    initiateError: try? ConfirmedServiceError(decoding: &reader)
                )
            )
        }
        do throws(DecodeError) {
            var reader = OctetReader(information)
            let initiate = try InitiateResponse(decoding: &reader)
            guard info.usesShortNames || initiate.vaaName != InitiateResponse.shortNameVAAName else {
                return .failure(.shortNamesOnly)
            }
            let usesShortNames = info.usesShortNames
            info = AssociationInfo(
                conformance: initiate.negotiatedConformance,
                serverMaxReceivePDUSize: initiate.serverMaxReceivePDUSize,
                lists: initiate.negotiatedConformance.contains(.multipleReferences) ? .untried : .notNegotiated
            )
            info.usesShortNames = usesShortNames
            info.shortNames = shortNames.forLater
            return .success(info)
        } catch {
            return .failure(.malformed(error, waitingFor: .associationResponse))
        }
    }
}
