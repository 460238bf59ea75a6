// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity

/// The layer of a client that protects requests, and judges the protection of what comes back.
///
/// Without security settings everything passes as it is.
struct ClientProtection: Sendable {
    /// What became of an APDU to be sent.
    enum Outgoing: Sendable {
        case ready([UInt8])
        /// At least so many invocation counters are needed first.
        case needsCounters(Int)
        case failed(EngineError)
    }

    /// What became of an APDU that came.
    enum Incoming: Sendable {
        case apdu([UInt8], AppliedProtection)
        /// It is no answer, and not protected as it should be.
        case ignored
        /// It is old; on a line that doubles messages, and for whoever sends recorded ones, that must end nothing.
        case replayed(EngineError)
        case failed(EngineError)
    }

    private let settings: AssociationSettings
    /// What every request carries, and every answer has to carry.
    let required: AppliedProtection
    // What is looked at for every message; a copy of all settings would cost as much as the ciphering.
    private let form: ProtectionForm
    private let isDedicated: Bool
    private let usesBroadcastKey: Bool
    /// Keys and titles; nil in clear, which most associations are.
    private(set) var context: Boxed<SecurityContext>?
    private var supply = CounterSupply()
    private var dedicatedCounter: UInt32 = 0
    private var dedicatedKey: Secret?
    /// What general headers of the exchange in progress name it by.
    private var transactionID: [UInt8] = []
    private var transaction: UInt32 = 0
    private var serverCounters = PeerCounters()
    /// Whether a message of this association was accepted, so that older ones are no sign of a counter that began again.
    private var hasAccepted = false

    init(_ settings: AssociationSettings) {
        self.settings = settings
        required = AppliedProtection(
            isAuthenticated: settings.security?.isAuthenticated ?? false,
            isEncrypted: settings.security?.isEncrypted ?? false,
            isSigned: settings.security?.signsRequests ?? false
        )
        let ciphering = settings.security?.ciphering ?? .global
        form = ciphering.form
        isDedicated = ciphering.isDedicated
        usesBroadcastKey = settings.security?.broadcastKey != nil
    }

    private var isCiphered: Bool { required.isAuthenticated || required.isEncrypted }

    /// Whether anything is ciphered, so that the application context has to say so.
    var isCiphering: Bool { required.isAuthenticated || required.isEncrypted || required.isSigned }

    /// The octets that protection adds to a request at the most.
    var overhead: Int {
        context?.value.overhead(required, form) ?? 0
    }

    /// The last counter of the server with the global key.
    var lastServerCounter: UInt32? { serverCounters[.unicast] }

    /// Prepares keys and challenge.
    ///
    /// - Returns: the client's challenge, empty when none is needed.
    mutating func prepare(
        _ randomness: AssociationRandomness?
    ) -> Result<[UInt8], EngineError> {
        guard randomness != nil || !settings.needsRandomness else { return .failure(.randomnessUnavailable) }
        do throws(ProtectionError) {
            if let security = settings.security { try prepare(security, randomness) }
        } catch {
            return .failure(.protectionFailed(error))
        }
        guard case .high = settings.authentication else { return .success([]) }
        return .success(randomness?.challenge ?? [])
    }

    private mutating func prepare(
        _ security: SecuritySettings,
        _ randomness: AssociationRandomness?
    ) throws(ProtectionError) {
        guard security.clientSystemTitle.count == 8 else {
            throw .systemTitleLength(security.clientSystemTitle.count)
        }
        var context = try SecurityContext(
            SecurityMaterial(security),
            peerTitle: security.serverSystemTitle ?? []
        )
        if security.ciphering.isDedicated, let randomness {
            dedicatedKey = randomness.dedicatedKey
            try context.setDedicatedKey(randomness.dedicatedKey)
        }
        if case .general(.wrapped) = security.ciphering, let randomness {
            guard security.masterKey != nil else { throw .keyNotAvailable }
            try context.contentKeys.setWrappedKey(randomness.contentKey)
        }
        serverCounters[.unicast] = security.lastServerCounter
        self.context = Boxed(context)
    }

    // MARK: Counters

    /// How many counters opening the association takes before anything is sent.
    var countersToOpen: Int {
        guard settings.security != nil else { return 0 }
        var count = isCiphering ? 4 : 0
        if case .high(.gmac) = settings.authentication { count = 4 }
        return count
    }

    /// How many reserved counters are left.
    var countersLeft: Int { supply.count }

    /// Adds reserved counters.
    mutating func reserved(_ counters: Range<UInt64>) {
        supply.add(counters)
    }

    /// A reservation failed.
    mutating func refused() {
        supply.refused()
    }

    /// How many counters to ask for; nil while a reservation is on its way.
    mutating func reserve(_ minimum: Int) -> Int? {
        supply.reserve(minimum)
    }

    /// How many counters to ask for ahead of need; nil when there are enough.
    mutating func refill() -> Int? {
        guard isCiphering, !isDedicated else { return nil }
        return supply.refill()
    }

    // MARK: Requests

    /// Protects the APDU of a service.
    mutating func protect(_ apdu: [UInt8]) -> Outgoing {
        guard isCiphering else { return .ready(apdu) }
        if isCiphered, !isDedicated, supply.count == 0 { return .needsCounters(1) }
        do throws(EngineError) {
            let counter = isCiphered ? try takeCounter(isDedicated) : 0
            return .ready(try protect(apdu, required, form, counter))
        } catch {
            return .failed(error)
        }
    }

    /// Protects an InitiateRequest, always with the global key; one with a dedicated key inside is always encrypted.
    mutating func protectInitiate(_ initiate: InitiateRequest) throws(EngineError) -> [UInt8] {
        var initiate = initiate
        guard isCiphered else { return initiate.octets }
        initiate.dedicatedKey = dedicatedKey?.exposedOctets
        let applied = AppliedProtection(
            isAuthenticated: required.isAuthenticated,
            isEncrypted: required.isEncrypted || dedicatedKey != nil
        )
        return try protect(initiate.octets, applied, .specific(.global), try takeCounter(false))
    }

    /// The next counter of the global key, or of the dedicated one.
    mutating func takeCounter(_ isDedicated: Bool) throws(EngineError) -> UInt32 {
        guard isDedicated else {
            guard supply.count > 0 else { throw .countersRefused(.noSource) }
            guard let counter = supply.take() else { throw .countersRefused(.exhausted) }
            return counter
        }
        guard dedicatedCounter < UInt32.max - 1 else { throw .countersRefused(.exhausted) }
        dedicatedCounter += 1
        return dedicatedCounter
    }

    private mutating func protect(
        _ apdu: [UInt8],
        _ applied: AppliedProtection,
        _ form: ProtectionForm,
        _ counter: UInt32
    ) throws(EngineError) -> [UInt8] {
        transaction &+= 1
        var writer = OctetWriter()
        writer.write(counter)
        writer.write(transaction)
        transactionID = writer.octets
        let order = SecurityContext.Order(
            applied: applied,
            form: form,
            usesBroadcastKey: usesBroadcastKey,
            counter: counter,
            transactionID: transactionID
        )
        do {
            guard let octets = try context?.value.protect(apdu, order) else { return apdu }
            return octets
        } catch {
            throw .protectionFailed(error)
        }
    }

    // MARK: Answers

    /// The server told its system title.
    mutating func learned(serverTitle: [UInt8]?) {
        guard let serverTitle, !serverTitle.isEmpty else { return }
        context?.value.peerTitle = serverTitle
        // What another meter has used says nothing about this one.
        if let known = settings.security?.lastServerCounterTitle, known != serverTitle {
            serverCounters[.unicast] = nil
        }
    }

    /// Takes the protection off an APDU, and refuses what is protected less than it must be.
    mutating func unprotect(_ apdu: [UInt8]) -> Incoming {
        guard let tag = apdu.first else { return .ignored }
        guard SecurityContext.isProtected(tag) else {
            // ACSE has no protection of its own, and errors may come in clear.
            let isFree = (0x60...0x63).contains(tag) || tag == 0xD8 || tag == 0x0E || !isCiphering
            guard !isFree, ServerRefusal.error(in: apdu, awaiting: .getResponse) == nil else {
                return .apdu(apdu, .none)
            }
            guard !UnsolicitedMessage.isNotification(apdu) else { return .ignored }
            return .failed(.serverProtectionTooWeak(required: required, received: .none))
        }
        do throws(EngineError) {
            let message = try open(apdu)
            let inner = message.apdu.first ?? 0
            guard message.applied.isAtLeast(required) || inner == 0xD8 || inner == 0x0E else {
                guard !UnsolicitedMessage.isNotification(message.apdu) else { return .ignored }
                throw .serverProtectionTooWeak(required: required, received: message.applied)
            }
            return .apdu(message.apdu, message.applied)
        } catch {
            // A notification that cannot be read is no answer, so it breaks nothing.
            if Self.mayBeNotification(tag) { return .ignored }
            if case .replayed = error, hasAccepted { return .replayed(error) }
            return .failed(error)
        }
    }

    /// Takes the protection off and counts.
    mutating func open(_ apdu: [UInt8]) throws(EngineError) -> OpenedMessage {
        let opened: OpenedMessage
        do throws(ProtectionError) {
            guard let message = try context?.value.open(apdu) else { throw .keyNotAvailable }
            opened = message
        } catch {
            if context?.value.peerTitle.isEmpty == true { throw .serverSystemTitleUnknown }
            throw .decipheringFailed(error)
        }
        let answersTransaction = opened.transactionID == transactionID
        if let counter = opened.counter {
            if let last = serverCounters.accept(counter, answersTransaction: answersTransaction) {
                throw .replayed(received: counter.value, lastSeen: last)
            }
        } else if opened.applied.isSigned, !answersTransaction {
            // Without a counter only the transaction tells an old signed answer from a new one.
            throw .replayed(received: 0, lastSeen: 0)
        }
        hasAccepted = true
        return opened
    }

    /// Whether a protected APDU with this tag is a notification for certain.
    private static func mayBeNotification(_ tag: UInt8) -> Bool {
        switch tag {
        case 0xCA, 0xD2, 0x38, 0x58: true
        default: false
        }
    }
}
