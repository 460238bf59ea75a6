// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import Fleet
import JSONText

/// Replaces keys and passwords of a meter so that neither the old nor the new ones are ever lost.
///
/// The new ones are kept first, then sent, and take the place of the old ones when the meter has answered under them. At
/// every moment the meter has either all of the old or all of the new ones, and trying both in new associations tells
/// which (see ``settle(_:newFirst:)``).
struct SecretChange: Sendable {
    /// What is sent to the meter.
    enum Message: Sendable {
        /// New keys, wrapped with the master key (Blue Book, class 64, method 2).
        case keys(KeyChangeOrder)
        /// A new password or secret (Blue Book, class 15, attribute 7 or method 2).
        case secret(SecretChangeOrder)
    }

    /// The object by which an association is tried: the logical device name, which every client may read.
    private static let probe = AttributeDescriptor(
        classID: 1,
        instanceID: OBISCode(0, 0, 42, 0, 0, 255),
        attributeID: 2
    )
    static let securitySetup = OBISCode(0, 0, 43, 0, 0, 255)
    private static let currentAssociation = OBISCode(0, 0, 40, 0, 0, 255)

    let gateway: Gateway
    let memory: MeterMemory
    let message: Message
    let wishes: Gateway.Wishes

    var id: MeterID { memory.id }
    var configuration: MeterConfiguration { memory.record.configuration }

    /// The association whose secrets are changed.
    var association: String {
        get throws(GatewayError) {
            switch message {
            case .keys(let order): try gateway.association(order.association, for: .managing, memory)
            case .secret(let order): try gateway.association(order.association, for: .managing, memory)
            }
        }
    }

    /// Whether new secrets are made here when none are kept.
    private var makesSecrets: Bool {
        if case .keys(let order) = message { !order.hasKeptKeys } else { false }
    }

    /// The places of the secrets in the meter's configuration, with what is to stand there; nil makes a new one.
    ///
    /// - Parameter given: new keys that the caller chose.
    /// - Throws: ``GatewayError/valueOutOfRange(pointer:allowed:)`` when the association lacks what is needed.
    func secrets(given: [TransferredKey: Secret], password: Secret?) throws(GatewayError) -> [JSONPointer: Secret] {
        let name = try association
        switch message {
        case .keys(let order): return try keys(order, name, given)
        case .secret:
            let place = JSONPointer("/associations").appending(name).appending("authentication").appending("secret")
            guard let password, configuration.secrets[place] != nil else {
                throw .valueOutOfRange(pointer: "/association", allowed: "an association with a password or secret")
            }
            return [place: password]
        }
    }

    /// The places of new keys; those not given are drawn.
    func keys(
        _ order: KeyChangeOrder,
        _ name: String,
        _ given: [TransferredKey: Secret]
    ) throws(GatewayError) -> [JSONPointer: Secret] {
        guard let security = configuration.associations[name]?.security else {
            throw .valueOutOfRange(pointer: "/association", allowed: "an association with a security block")
        }
        guard security.masterKey != nil || order.method == .agreement else {
            throw .valueOutOfRange(
                pointer: "/association",
                allowed: "an association whose security block has a masterKey, which wraps new keys"
            )
        }
        let length = security.suite.keyLengthInOctets
        var secrets: [JSONPointer: Secret] = [:]
        for key in order.keys {
            let new: Secret
            if let chosen = given[key] {
                guard chosen.count == length else {
                    let allowed = "\(length) octets in suite \(security.suite.rawValue)"
                    throw .valueOutOfRange(pointer: JSONPointer("/keys").appending(key.word), allowed: allowed)
                }
                new = chosen
            } else {
                new = try Self.draw(length)
            }
            guard security.secrets[key.member] != nil else {
                let allowed = "one of the keys that the security block has; it has no \(key.member)"
                throw .valueOutOfRange(pointer: JSONPointer("/keys").appending(key.word), allowed: allowed)
            }
            // Associations with the same unicast key share the meter's security setup.
            for (other, configured) in configuration.associations
            where configured.security?.blockCipherKey == security.blockCipherKey
                && configured.security?.secrets[key.member] != nil
            {
                let place = JSONPointer("/associations").appending(other).appending("security").appending(key.member)
                secrets[place] = new
            }
        }
        return secrets
    }

    private static func draw(_ length: Int) throws(GatewayError) -> Secret {
        do {
            return Secret(try RandomOctets.draw(length))
        } catch {
            throw .internal(reason: "\(error)")
        }
    }

    /// Goes on with the change as far as it gets, wherever an earlier attempt was cut off.
    ///
    /// - Parameters:
    ///   - hasSent: whether an earlier attempt may have sent the new secrets.
    ///   - permit: called right before they are sent.
    /// - Throws: ``GatewayError/secretsPending(_:)`` when it is not known which the meter has, the meter's refusal when
    ///   it kept the old ones, and what `permit` throws.
    func run(hasSent: Bool, permit: () async throws -> Void) async throws -> SecretChangeOutcome {
        try gateway.beginSecretWork(at: id)
        defer { gateway.endSecretWork(at: id) }
        var pending = try await gateway.pendingSecrets(of: id)
        if pending == nil, case .keys(let order) = message, order.method == .agreement {
            return try await agree(on: order, hasSent: hasSent, permit: permit)
        }
        if let known = pending {
            switch try await settle(known, newFirst: hasSent, wasSent: hasSent).state {
            case .adopted: return SecretChangeOutcome(state: .adopted, places: Self.places(known))
            case .kept, .none:
                guard !hasSent else {
                    try await gateway.abandonPendingSecrets(of: id)
                    return SecretChangeOutcome(state: .kept, places: Self.places(known))
                }
            }
        } else if hasSent {
            // An earlier attempt had settled it and was cut off before it could say so.
            return SecretChangeOutcome(state: .none, places: [])
        } else {
            guard makesSecrets else {
                throw GatewayError.notFound(what: "change of secrets under way at meter \(id)")
            }
            try await gateway.beginSecretChange(of: id, try secrets(given: [:], password: nil))
            pending = try await gateway.pendingSecrets(of: id)
        }
        guard let pending else { throw GatewayError.internal(reason: "secrets that were kept are gone") }
        try await permit()
        var refusal: GatewayError?
        do throws(GatewayError) {
            try await send(pending)
        } catch {
            refusal = error
        }
        let state = try await settle(pending, newFirst: refusal?.dlms == nil).state
        if state == .adopted { return SecretChangeOutcome(state: .adopted, places: Self.places(pending)) }
        try await gateway.abandonPendingSecrets(of: id)
        if let refusal { throw refusal }
        return SecretChangeOutcome(state: .kept, places: Self.places(pending))
    }

    /// Finds out which secrets the meter has, and puts the new ones in place if it has those.
    ///
    /// Only a good answer counts: a meter that does not like a key may refuse, close the connection or stay silent.
    /// - Parameters:
    ///   - pending: the new secrets.
    ///   - newFirst: whether the new ones are tried before the old ones.
    ///   - wasSent: whether the meter may have been sent the new ones.
    /// - Throws: ``GatewayError/secretsPending(_:)`` when it answers under neither, or cannot be reached; if nothing was
    ///   sent, why it did not answer under those tried first.
    func settle(
        _ pending: PendingSecrets,
        newFirst: Bool,
        wasSent: Bool = true
    ) async throws(GatewayError) -> SecretChangeOutcome {
        let name: String
        if let kept = Self.association(of: pending) { name = kept } else { name = try association }
        var firstFailure: GatewayError?
        for isNew in newFirst ? [true, false] : [false, true] {
            if let failure = await failure(of: name, with: isNew ? pending.secrets : [:]) {
                firstFailure = firstFailure ?? failure
                continue
            }
            if isNew { try await gateway.adoptPendingSecrets(of: id) }
            return SecretChangeOutcome(state: isNew ? .adopted : .kept, places: Self.places(pending))
        }
        if !wasSent, let firstFailure { throw firstFailure }
        throw .secretsPending(id)
    }

    /// Whether the meter answers in a new association with these secrets in place of the configured ones.
    func answers(_ association: String, with secrets: [JSONPointer: Secret]) async -> Bool {
        await failure(of: association, with: secrets) == nil
    }

    /// Why the meter does not answer in a new association with these secrets; nil when it does.
    private func failure(of association: String, with secrets: [JSONPointer: Secret]) async -> GatewayError? {
        do throws(GatewayError) {
            let trial = try await gateway.directory.trial(of: memory.record, with: secrets)
            let access = gateway.procedureAccess(trial, association, wishes)
            try await access.touch(Self.probe)
            return nil
        } catch {
            return error
        }
    }

    private func send(_ pending: PendingSecrets) async throws(GatewayError) {
        switch message {
        case .keys(let order):
            // Keys that were agreed on are at the meter already.
            guard order.method == .transfer else { throw .secretsPending(id) }
            let name = try association
            let access = gateway.procedureAccess(memory, name, wishes)
            let setup = try await access.object(of: 64, named: order.securitySetup, usually: Self.securitySetup)
            try await access.invoke(2, of: setup, try wrapped(order, name, pending))
        case .secret(let order):
            let through = try gateway.association(order.through ?? order.association, for: .managing, memory)
            guard let secret = pending.secrets.values.first else { throw .secretsPending(id) }
            let access = gateway.procedureAccess(memory, through, wishes)
            let object = MeterObject(
                logicalName: order.object ?? Self.currentAssociation,
                classID: 15,
                version: nil
            )
            let data = DLMSData.octetString(secret.exposedOctets)
            switch configuration.associations[order.association]?.authentication.mechanism {
            case .low: try await access.write(data, to: 7, of: object)
            case .high, .md5, .sha1, .sha256: try await access.invoke(2, of: object, data)
            case nil, .some(.none), .gmac, .ecdsa:
                throw .valueOutOfRange(pointer: "/association", allowed: "an association with a password or secret")
            }
        }
    }

    /// The parameter of key_transfer: each new key wrapped with the present master key.
    private func wrapped(
        _ order: KeyChangeOrder,
        _ name: String,
        _ pending: PendingSecrets
    ) throws(GatewayError) -> DLMSData {
        let place = JSONPointer("/associations").appending(name).appending("security")
        guard let master = configuration.associations[name]?.security?.masterKey else { throw .secretsPending(id) }
        var keys: [(TransferredKey, Secret)] = []
        for key in TransferredKey.allCases {
            if let secret = pending.secrets[place.appending(key.member)] { keys.append((key, secret)) }
        }
        do throws(ProtectionError) {
            return try KeyDataList(wrapping: keys, with: master).data
        } catch {
            throw .internal(reason: "a key could not be wrapped")
        }
    }

    private static func places(_ pending: PendingSecrets) -> [JSONPointer] {
        pending.secrets.keys.sorted { $0.text < $1.text }
    }

    /// The association that pending secrets belong to, from their places: `/associations/NAME/…`.
    private static func association(of pending: PendingSecrets) -> String? {
        let names = pending.secrets.keys.compactMap { place -> String? in
            let parts = place.text.split(separator: "/")
            return parts.count > 1 && parts[0] == "associations" ? String(parts[1]) : nil
        }
        return names.contains("manager") ? "manager" : names.min()
    }
}
