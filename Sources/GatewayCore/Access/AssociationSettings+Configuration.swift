// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import DLMSSecurity
import Fleet
import MeterSessions

/// Makes what the engine needs to open the associations of one meter, of what the operator configured.
struct AssociationMapping {
    let meter: MeterID
    let configuration: MeterConfiguration
    let behaviour: MeterBehaviour
    /// The client's system title where none is configured.
    let systemTitle: SystemTitle?

    /// How to open an association.
    ///
    /// - Throws: ``GatewayError/notSupported(what:)`` when a system title is needed and there is none.
    func settings(_ name: String, _ association: AssociationConfiguration) throws(GatewayError) -> AssociationSettings {
        var settings = try clear(client: association.clientAddress)
        settings.authentication = try authentication(of: association)
        settings.callingUserID = association.userID
        settings.isPreEstablished = association.isPreEstablished
        settings.callingAEQualifier = association.security?.clientCertificate
        let isHighLevel = ![.none, .low].contains(association.authentication.mechanism)
        if let security = association.security {
            settings.security = self.security(security, title: try title(of: security, name))
        } else if isHighLevel || behaviour.callingSystemTitle == .always {
            // Mechanism 6 counts both titles in, and some meters want ours whatever the mechanism is.
            settings.clientSystemTitle = systemTitle?.octets
        }
        settings.serverSystemTitle = behaviour.serverSystemTitle?.octets
        return settings
    }

    /// Whose counters an association uses; nil when it uses none.
    ///
    /// - Throws: ``GatewayError/notSupported(what:)``, ``GatewayError/internal(reason:)``.
    func counters(_ name: String, _ association: AssociationConfiguration) throws(GatewayError) -> CounterPlan? {
        guard let security = association.security,
            !security.protection.isEmpty || association.authentication.mechanism == .gmac
        else { return nil }
        let key = security.keySet == .broadcast ? security.broadcastKey : security.blockCipherKey
        let fingerprint: KeyFingerprint
        do throws(SealingError) {
            fingerprint = try KeyFingerprint(of: key ?? security.blockCipherKey)
        } catch {
            throw .internal(reason: "\(error)")
        }
        return CounterPlan(
            meter: meter.text,
            association: name,
            key: fingerprint,
            clientSystemTitle: try title(of: security, name).octets,
            object: try security.invocationCounterObject.map { (object) throws(GatewayError) in
                var settings = try clear(client: behaviour.counterClient)
                if behaviour.callingSystemTitle == .always { settings.clientSystemTitle = systemTitle?.octets }
                return CounterObject(logicalName: object, settings: settings)
            },
            // The engine tells what the meter used with the unicast key only.
            keepsServerCounter: !behaviour.meterCounterRestarts && security.keySet == .unicast
        )
    }

    /// An association in clear without any authentication.
    private func clear(client: UInt16) throws(GatewayError) -> AssociationSettings {
        var settings = AssociationSettings(
            link: try LinkSettings(configuration, behaviour, client: client),
            maxReceivePDUSize: behaviour.maxReceivePDU,
            responseTimeout: configuration.timeouts.response,
            release: behaviour.release,
            maximumListLength: behaviour.withListMaximum
        )
        settings.gateway = configuration.address.gateway.map {
            DLMSEngine.GatewayAddress(networkID: $0.networkID, physicalDeviceAddress: $0.physicalAddress)
        }
        settings.referencing = DLMSEngine.Referencing(configuration.referencing)
        settings.shortNames.methods = ShortNameMethods(behaviour)
        settings.take(behaviour)
        return settings
    }

    private func authentication(
        of association: AssociationConfiguration
    ) throws(GatewayError) -> AssociationAuthentication {
        switch association.authentication {
        case .none: return .none
        case .low(let secret): return .low(secret)
        case .high(let secret): return .high(.aes(secret))
        case .md5(let secret): return .high(.md5(secret))
        case .sha1(let secret): return .high(.sha1(secret))
        case .gmac: return .high(.gmac)
        case .sha256(let secret): return .high(.sha256(secret))
        case .ecdsa:
            guard let own = association.security?.signingKey, let peer = association.security?.serverSigningKey else {
                throw .internal(reason: "a meter was stored with ecdsa and without its keys")
            }
            return .high(.ecdsa(signingKey: own, peerPublicKey: peer.key.octets))
        }
    }

    private func title(of security: SecurityConfiguration, _ name: String) throws(GatewayError) -> SystemTitle {
        guard let title = security.clientSystemTitle ?? systemTitle else {
            throw .notSupported(what: "the security block of association \(name) without a clientSystemTitle")
        }
        return title
    }

    private func security(_ security: SecurityConfiguration, title: SystemTitle) -> SecuritySettings {
        var settings = SecuritySettings(
            suite: SecuritySuite(security.suite),
            isAuthenticated: security.protection.contains(.authenticated),
            isEncrypted: security.protection.contains(.encrypted),
            ciphering: SecuritySettings.Ciphering(security),
            clientSystemTitle: title.octets,
            serverSystemTitle: behaviour.serverSystemTitle?.octets,
            blockCipherKey: security.blockCipherKey,
            authenticationKey: security.authenticationKey,
            broadcastKey: security.keySet == .broadcast ? security.broadcastKey : nil,
            masterKey: security.masterKey,
            agreement: Self.pair(security.agreementKey, security.serverAgreementKey),
            signing: security.protection.contains(.signed) || security.contentKey == .agreedOnePass
                ? Self.pair(security.signingKey, security.serverSigningKey) : nil,
            generalHeaderIsAuthenticated: behaviour.generalHeaderAuthenticated,
            signsContentLength: behaviour.signedContentLength,
            agreedKeyAlgorithm: behaviour.agreedKeyAlgorithm == .gbcs ? .printed : .standard,
            allowsUnverified: behaviour.acceptsUnverified
        )
        settings.signsRequests = security.protection.contains(.signed)
        return settings
    }

    private static func pair(_ own: Secret?, _ peer: PublicKeyConfiguration?) -> SecuritySettings.KeyPairSettings? {
        guard let own, let peer else { return nil }
        return SecuritySettings.KeyPairSettings(privateKey: own, peerPublicKey: peer.key.octets)
    }
}

extension SecuritySuite {
    fileprivate init(_ suite: SecurityConfiguration.Suite) {
        self =
            switch suite {
            case .suite0: .suite0
            case .suite1: .suite1
            case .suite2: .suite2
            }
    }
}

extension SecuritySettings.Ciphering {
    fileprivate init(_ security: SecurityConfiguration) {
        self =
            switch security.ciphering {
            case .global: .global
            case .dedicated: .dedicated
            case .generalGlobal: .generalGlobal
            case .generalDedicated: .generalDedicated
            case .general:
                switch security.contentKey {
                case .identified: .general(.identified)
                case .wrapped: .general(.wrapped)
                case .agreedOnePass: .general(.agreedOnePass)
                case .agreedStatic: .general(.agreedStatic)
                }
            }
    }
}

extension DLMSEngine.Referencing {
    /// How attributes and methods of a meter are named.
    fileprivate init(_ configured: Fleet.Referencing) {
        self =
            switch configured {
            case .logicalName: .logicalName
            case .shortName: .shortName
            case .automatic: .automatic
            }
    }
}

extension ShortNameMethods {
    /// Where the methods of a meter begin.
    fileprivate init(_ behaviour: MeterBehaviour) {
        let standard = MeterBehaviour()
        var exceptions: [ClassVersion: UInt16] = [:]
        if behaviour.mbusMethodOffset != standard.mbusMethodOffset {
            exceptions[ClassVersion(72, version: 0)] = UInt16(behaviour.mbusMethodOffset)
        }
        if behaviour.securitySetupMethodOffset != standard.securitySetupMethodOffset {
            exceptions[ClassVersion(64, version: 0)] = UInt16(behaviour.securitySetupMethodOffset)
        }
        self.init(exceptions: exceptions)
    }
}

extension AssociationSettings {
    /// Takes over how a meter differs in messages.
    fileprivate mutating func take(_ behaviour: MeterBehaviour) {
        self.proposedConformance = Self.fullConformance
        self.maxSendPDUSize = behaviour.maxSendPDU
        self.releaseCarriesInitiate = behaviour.releaseContent == .initiate
        if behaviour.generalBlockWindow == 0 {
            self.proposedConformance.remove(.generalBlockTransfer)
        } else {
            self.blockTransfer.window = UInt8(clamping: behaviour.generalBlockWindow)
        }
        switch behaviour.actionBlockContent {
        case .automatic: break
        case .complete: self.learned.actionBlockContent = .outcome
        case .data: self.learned.actionBlockContent = .returnedData
        }
    }
}
