// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity

extension SecurityContext {
    /// What it takes to protect a message.
    struct Order: Hashable, Sendable {
        /// What to do to the message.
        var applied: AppliedProtection
        /// Which APDU carries the protection.
        var form: ProtectionForm
        /// Whether the broadcast key is meant where the form names the global one.
        var usesBroadcastKey = false
        /// One's own invocation counter, never used before with this key.
        var counter: UInt32
        /// What a general header names the exchange by.
        var transactionID: [UInt8]
    }

    /// Protects an APDU.
    ///
    /// - Throws: `ProtectionError`.
    mutating func protect(_ apdu: [UInt8], _ order: Order) throws(ProtectionError) -> [UInt8] {
        var octets = apdu
        if order.applied.isAuthenticated || order.applied.isEncrypted { octets = try cipher(apdu, order) }
        guard order.applied.isSigned else { return octets }
        guard let signing else { throw .keyNotAvailable }
        return try GeneralSigning.signing(
            octets,
            header: header(order),
            key: signing.own,
            includesContentLength: material.signsContentLength
        ).octets
    }

    private mutating func cipher(_ apdu: [UInt8], _ order: Order) throws(ProtectionError) -> [UInt8] {
        switch order.form {
        case .specific(let key):
            let content = try content(apdu, key, order)
            return CipheredAPDU(plainTag: apdu.first ?? 0, key: key, content: content)?.octets
                ?? GeneralKeyCiphering(key: key, systemTitle: material.ownTitle, content: content).octets
        case .generalKey(let key):
            let content = try content(apdu, key, order)
            return GeneralKeyCiphering(key: key, systemTitle: material.ownTitle, content: content).octets
        case .general(let source):
            let header = header(order)
            let key =
                order.usesBroadcastKey && source == .identified
                ? try contentKeys.broadcast() : try contentKeys.forSending(source, header)
            return try GeneralCiphering.sealing(
                apdu,
                header: header,
                key: key,
                isAuthenticated: order.applied.isAuthenticated,
                isEncrypted: order.applied.isEncrypted,
                invocationCounter: order.counter,
                authenticatesHeader: material.generalHeaderIsAuthenticated
            ).octets
        }
    }

    private func content(
        _ apdu: [UInt8],
        _ key: CipheredAPDU.Key,
        _ order: Order
    ) throws(ProtectionError) -> [UInt8] {
        // The key of an association is never the broadcast one.
        let usesBroadcastKey = order.usesBroadcastKey && key == .global
        return try protection(key, usesBroadcastKey: usesBroadcastKey).protect(
            apdu,
            control: SecurityControl(
                suite: material.suite,
                isAuthenticated: order.applied.isAuthenticated,
                isEncrypted: order.applied.isEncrypted,
                usesBroadcastKey: usesBroadcastKey
            ),
            systemTitle: material.ownTitle,
            invocationCounter: order.counter
        )
    }

    private func header(_ order: Order) -> GeneralProtectionHeader {
        GeneralProtectionHeader(
            transactionID: order.transactionID,
            originatorSystemTitle: material.ownTitle,
            recipientSystemTitle: peerTitle
        )
    }
}
