// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity

extension SecurityContext {
    /// Takes all protection off an APDU; one without any stays as it is.
    ///
    /// - Throws: `ProtectionError`.
    mutating func open(_ apdu: [UInt8]) throws(ProtectionError) -> OpenedMessage {
        var message = OpenedMessage(apdu: apdu, systemTitle: peerTitle)
        // Ciphered and signed, in whatever order, and no deeper.
        for _ in 0..<2 {
            guard let tag = message.apdu.first, Self.isProtected(tag) else { break }
            switch tag {
            case 0xDF: try openSigned(&message)
            case 0xDD: try openGeneral(&message)
            case 0xDB, 0xDC:
                let ciphered = try decode(GeneralKeyCiphering.self, message.apdu)
                try open(ciphered.content, ciphered.key, .generalKey(ciphered.key), ciphered.systemTitle, &message)
            default:
                let ciphered = try decode(CipheredAPDU.self, message.apdu)
                try open(ciphered.content, ciphered.key, .specific(ciphered.key), [], &message)
            }
        }
        return message
    }

    /// Reads an APDU; octets after it are tolerated.
    private func decode<Value: OctetCodable>(_ type: Value.Type, _ apdu: [UInt8]) throws(ProtectionError) -> Value {
        do {
            var reader = OctetReader(apdu)
            return try Value(decoding: &reader)
        } catch {
            throw .tooShort(apdu.count)
        }
    }

    private func open(
        _ content: [UInt8],
        _ key: CipheredAPDU.Key,
        _ form: ProtectionForm,
        _ title: [UInt8],
        _ message: inout OpenedMessage
    ) throws(ProtectionError) {
        guard let first = content.first else { throw .tooShort(0) }
        let usesBroadcastKey = SecurityControl(rawValue: first).usesBroadcastKey && key == .global
        try take(sender: title, &message)
        let opened = try protection(key, usesBroadcastKey: usesBroadcastKey).unprotect(
            content,
            systemTitle: message.systemTitle,
            allowsUnverified: material.allowsUnverified
        )
        let counterKey: OpenedMessage.CounterKey =
            switch key {
            case .global: usesBroadcastKey ? .broadcast : .unicast
            case .dedicated: .dedicated
            }
        message.opened(opened, form, counterKey)
    }

    private mutating func openGeneral(_ message: inout OpenedMessage) throws(ProtectionError) {
        let ciphered = try decode(GeneralCiphering.self, message.apdu)
        let key = try contentKeys.ofReceived(ciphered)
        try take(sender: ciphered.header.originatorSystemTitle, &message)
        // An empty title stands for the one that is known.
        let opened = try key.protection.unprotect(
            ciphered.content,
            systemTitle: message.systemTitle,
            header: material.generalHeaderIsAuthenticated ? ciphered.header.octets : [],
            allowsUnverified: material.allowsUnverified
        )
        let source = ciphered.keyInformation?.source ?? .identified
        let counterKey: OpenedMessage.CounterKey =
            switch ciphered.keyInformation {
            case nil, .identified(0): .unicast
            case .identified: .broadcast
            case .wrapped, .agreed: .content
            }
        message.transactionID = ciphered.header.transactionID
        message.opened(
            opened,
            .general(source),
            counterKey,
            contentKey: counterKey == .content ? key.protection : nil
        )
    }

    private func openSigned(_ message: inout OpenedMessage) throws(ProtectionError) {
        guard let signing else { throw .keyNotAvailable }
        let signed = try decode(GeneralSigning.self, message.apdu)
        try take(sender: signed.header.originatorSystemTitle, &message)
        try signed.verify(with: signing.peer)
        message.transactionID = signed.header.transactionID
        message.apdu = signed.content
        message.applied.isSigned = true
    }

    /// Takes the system title that a message names; an empty one stands for the one that is known.
    private func take(sender title: [UInt8], _ message: inout OpenedMessage) throws(ProtectionError) {
        guard !title.isEmpty else { return }
        // With another title the tag could not fit, if the keys are this meter's alone; keys of a whole fleet are not.
        guard peerTitle.isEmpty || title == peerTitle else { throw .tagMismatch }
        message.systemTitle = title
    }
}
