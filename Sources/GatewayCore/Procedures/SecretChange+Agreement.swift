// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Fleet
import JSONText

/// Agreement on new keys (Blue Book, class 64 version 1, method 3), with ephemeral keys of both sides: C(2e,0s).
///
/// The new keys are known only once the meter's answer is here, which may already have put them in force. They are kept
/// before they are used. When the answer is lost, so are the keys: the meter is found again because the agreement went
/// through an association that does not rest on them, in which it is repeated.
extension SecretChange {
    /// What an agreement needs.
    struct AgreementTerms {
        /// The association whose keys are replaced.
        var association: String
        /// The association in which they are agreed on.
        var through: String
        var curve: EllipticCurve
        var signingKey: EllipticCurvePrivateKey
        var serverSigningKey: EllipticCurvePublicKey
        var clientSystemTitle: [UInt8]
        var arc: KeyDerivation.AlgorithmArc
        /// Whether the agreement can be repeated when its answer was lost.
        var hasWayBack: Bool
    }

    /// Finds out whether keys can be agreed on.
    ///
    /// - Throws: ``GatewayError/valueOutOfRange(pointer:allowed:)`` when something is missing.
    func agreementTerms(of order: KeyChangeOrder) throws(GatewayError) -> AgreementTerms {
        let name = try association
        let through = try gateway.association(order.through ?? name, for: .managing, memory)
        guard let security = configuration.associations[through]?.security, let curve = security.suite.curve,
            let signing = security.signingKey, let serverKey = security.serverSigningKey,
            let title = security.clientSystemTitle ?? gateway.settings.systemTitle
        else {
            throw .valueOutOfRange(
                pointer: order.through == nil ? "/association" : "/through",
                allowed:
                    "an association whose security block is of suite 1 or 2 and has signingKey and serverSigningKey"
            )
        }
        let hasWayBack = isIndependent(through)
        guard hasWayBack || order.acceptsLoss else {
            throw .valueOutOfRange(
                pointer: "/through",
                allowed: "an association that does not rest on the keys to be replaced (not gmac, protection [] or"
                    + " [signed]), or acceptLoss: a lost answer leaves the meter with keys that nobody knows"
            )
        }
        // Shows that the places of all keys exist before anything is sent.
        _ = try keys(order, name, [:])
        guard let privateKey = try? EllipticCurvePrivateKey(curve: curve, secret: signing) else {
            throw .internal(reason: "a meter was stored with a signing key that is none")
        }
        return AgreementTerms(
            association: name,
            through: through,
            curve: curve,
            signingKey: privateKey,
            serverSigningKey: serverKey.key,
            clientSystemTitle: title.octets,
            arc: memory.behaviour.behaviour.agreedKeyAlgorithm == .gbcs ? .printed : .standard,
            hasWayBack: hasWayBack
        )
    }

    /// Whether an association still opens when the symmetric keys are others.
    ///
    /// Whatever protects its messages, an association with ciphering opens with the global keys.
    private func isIndependent(_ name: String) -> Bool {
        guard let association = configuration.associations[name], let security = association.security else {
            return false
        }
        if case .gmac = association.authentication { return false }
        return security.protection.isSubset(of: .signed)
    }

    /// Agrees on keys, keeps them and puts them in place.
    ///
    /// - Parameters:
    ///   - hasSent: whether an earlier attempt may have had the meter agree.
    ///   - permit: called right before the meter is asked.
    /// - Throws: ``GatewayError/secretsPending(_:)`` when it is not known which keys the meter has.
    func agree(
        on order: KeyChangeOrder,
        hasSent: Bool,
        permit: () async throws -> Void
    ) async throws -> SecretChangeOutcome {
        let terms = try agreementTerms(of: order)
        if hasSent {
            // Either everything was settled, or the meter never agreed, or the keys were lost with its answer.
            if await answers(terms.association, with: [:]) { return SecretChangeOutcome(state: .none, places: []) }
            guard terms.hasWayBack else { throw GatewayError.secretsPending(id) }
        }
        let access = gateway.procedureAccess(memory, terms.through, wishes)
        let setup = try await access.object(of: 64, named: order.securitySetup, usually: Self.securitySetup)
        guard setup.version != 0 else {
            throw GatewayError.notSupported(what: "key agreement with a security setup of version 0")
        }
        guard case .octetString(let serverTitle) = try await access.read(5, of: setup), serverTitle.count == 8 else {
            throw GatewayError.protocolError(id, reason: "its security setup has no system title of 8 octets")
        }
        try await permit()
        let agreed: [TransferredKey: Secret]
        do throws(GatewayError) {
            agreed = try await agreedKeys(order, terms, serverTitle, setup, access)
        } catch {
            // With the old keys it has not agreed; otherwise a later attempt repeats the agreement.
            guard await answers(terms.association, with: [:]) else { throw GatewayError.secretsPending(id) }
            throw error
        }
        try await gateway.beginSecretChange(of: id, try keys(order, terms.association, agreed))
        guard let pending = try await gateway.pendingSecrets(of: id) else {
            throw GatewayError.internal(reason: "secrets that were kept are gone")
        }
        let outcome = try await settle(pending, newFirst: true)
        if outcome.state == .kept { try await gateway.abandonPendingSecrets(of: id) }
        return outcome
    }

    private func agreedKeys(
        _ order: KeyChangeOrder,
        _ terms: AgreementTerms,
        _ serverTitle: [UInt8],
        _ setup: MeterObject,
        _ access: ProcedureAccess
    ) async throws(GatewayError) -> [TransferredKey: Secret] {
        var agreements: [EphemeralKeyAgreement] = []
        var offers: [KeyDataList.Entry] = []
        do throws(ProtectionError) {
            for key in order.keys {
                let agreement = try EphemeralKeyAgreement(on: key, curve: terms.curve)
                agreements.append(agreement)
                offers.append(.init(key: key, octets: try agreement.keyData(signedWith: terms.signingKey)))
            }
        } catch {
            throw .internal(reason: "an ephemeral key could not be made")
        }
        guard
            let answer = try await access.invoke(3, of: setup, KeyDataList(offers).data),
            let list = try? KeyDataList(answer)
        else { throw .protocolError(id, reason: "its answer to key_agreement is no list of keys") }
        var agreed: [TransferredKey: Secret] = [:]
        for agreement in agreements {
            guard let entry = list.entries.first(where: { $0.key == agreement.key }) else {
                throw .protocolError(id, reason: "it did not agree on the key \(agreement.key.word)")
            }
            do throws(ProtectionError) {
                agreed[agreement.key] = try agreement.agreedKey(
                    keyData: entry.octets,
                    peerSigningKey: terms.serverSigningKey,
                    clientSystemTitle: terms.clientSystemTitle,
                    serverSystemTitle: serverTitle,
                    arc: terms.arc
                )
            } catch {
                throw .protocolError(id, reason: "its part of the key \(agreement.key.word) is wrong: \(error)")
            }
        }
        return agreed
    }
}
