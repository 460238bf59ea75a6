// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity

/// The layer of a server that judges the protection of requests, and protects answers as the requests were.
struct ServerProtection: Sendable {
    /// Why a request is not served.
    enum Refusal: Error, Hashable, Sendable {
        /// It cannot be deciphered, or its tag or signature does not fit.
        case undecipherable(ProtectionError)
        /// It is protected less than the server demands.
        case tooWeak
        /// Its invocation counter is not above the last one.
        case counter(expected: UInt32)
    }

    private let security: ServerSecurity
    private var context: SecurityContext
    private var clientCounters = PeerCounters()
    private var dedicatedCounter: UInt32 = 0

    /// - Parameters:
    ///   - security: keys and demands.
    ///   - clientSystemTitle: the system title of the client, empty when it told none.
    ///   - contentKey: a random key for answers whose key is sent wrapped.
    /// - Throws: `ProtectionError` for keys that do not fit the suite.
    init(
        _ security: ServerSecurity,
        clientSystemTitle: [UInt8],
        contentKey: Secret
    ) throws(ProtectionError) {
        self.security = security
        context = try SecurityContext(SecurityMaterial(security), peerTitle: clientSystemTitle)
        if security.masterKey != nil { try context.contentKeys.setWrappedKey(contentKey) }
    }

    /// The protection with the global unicast key, for GMAC.
    var unicast: MessageProtection { context.unicast }

    /// The last counter accepted from the client with the global unicast key.
    var lastOfClient: UInt32? { security.counters.last(of: context.peerTitle) }

    /// Takes the dedicated key that the client sent.
    ///
    /// - Throws: `ProtectionError.keyLength`.
    mutating func setDedicatedKey(_ key: [UInt8]) throws(ProtectionError) {
        try context.setDedicatedKey(Secret(key))
    }

    /// Takes the protection off a request and counts.
    ///
    /// - Throws: ``Refusal``.
    mutating func open(_ apdu: [UInt8]) throws(Refusal) -> OpenedMessage {
        let message: OpenedMessage
        do {
            message = try context.open(apdu)
        } catch {
            throw .undecipherable(error)
        }
        if let counter = message.counter { try accept(counter) }
        return message
    }

    /// Refuses a request that is protected less than the server demands.
    ///
    /// - Throws: ``Refusal/tooWeak``.
    func check(_ applied: AppliedProtection, isInitiate: Bool = false) throws(Refusal) {
        var required = security.required
        // Initiate APDUs are ciphered and never signed.
        if isInitiate { required.isSigned = false }
        guard applied.isAtLeast(required) else { throw .tooWeak }
    }

    private mutating func accept(_ counter: OpenedMessage.Counter) throws(Refusal) {
        let key: ServerInvocationCounters.Key
        switch counter.key {
        case .unicast: key = .unicast
        case .broadcast: key = .broadcast
        case .dedicated, .content:
            if let last = clientCounters.accept(counter, answersTransaction: true) {
                throw .counter(expected: last &+ 1)
            }
            return
        }
        guard security.counters.accept(counter.value, of: context.peerTitle, key: key) else {
            throw .counter(expected: (security.counters.last(of: context.peerTitle, key: key) ?? 0) &+ 1)
        }
    }

    /// Counts the proof of a client, which takes an invocation counter like a message; false when it was used before.
    ///
    /// - Parameters:
    ///   - counter: the counter of the proof.
    ///   - floor: the last counter before the message that carried the proof.
    func accept(proof counter: UInt32, above floor: UInt32?) -> Bool {
        guard counter > floor ?? 0 || floor == nil else { return false }
        // The message around the proof has been counted already, and has another counter, mostly a higher one.
        // Observed: clients that use one counter for both.
        if let last = lastOfClient, last != floor {
            if counter == last { security.counters.noteSharedProof() }
            if counter <= last { return true }
        }
        return security.counters.accept(counter, of: context.peerTitle)
    }

    /// The next counter of the server with the global key; nil when all are used up.
    func nextCounter() -> UInt32? {
        security.counters.next()
    }

    /// The octets that the protection of the answer adds at the most.
    func overhead(_ request: OpenedMessage) -> Int {
        guard let form = request.form else {
            return request.applied.isSigned ? context.overhead(request.applied, .specific(.global)) : 0
        }
        return context.overhead(protection(ofAnswerTo: request), form)
    }

    /// Protects the answer to a request as the request was, and no less than is demanded.
    ///
    /// - Returns: nil when there is no counter left to do it.
    mutating func protect(_ apdu: [UInt8], asAnswerTo request: OpenedMessage) -> [UInt8]? {
        let applied = protection(ofAnswerTo: request)
        guard applied != .none else { return apdu }
        var counter: UInt32 = 0
        if let key = request.counter?.key {
            switch key {
            case .dedicated:
                dedicatedCounter &+= 1
                counter = dedicatedCounter
            case .unicast, .broadcast, .content:
                guard let next = nextCounter() else { return nil }
                counter = next
            }
        }
        let order = SecurityContext.Order(
            applied: applied,
            form: request.form ?? .specific(.global),
            counter: counter,
            transactionID: request.transactionID
        )
        return try? context.protect(apdu, order)
    }

    /// Protects a message that answers nothing, with the global key, as the client's last request was and no less than is
    /// demanded.
    ///
    /// - Returns: nil when there is no counter left to do it.
    mutating func protect(_ apdu: [UInt8], asLastRequest last: AppliedProtection) -> [UInt8]? {
        var applied = last
        applied.isVerified = true
        applied.isSigned = false
        applied.isAuthenticated = applied.isAuthenticated || security.required.isAuthenticated
        applied.isEncrypted = applied.isEncrypted || security.required.isEncrypted
        guard applied.isAuthenticated || applied.isEncrypted else { return apdu }
        guard let counter = nextCounter() else { return nil }
        let order = SecurityContext.Order(
            applied: applied,
            form: .specific(.global),
            counter: counter,
            transactionID: []
        )
        return try? context.protect(apdu, order)
    }

    private func protection(ofAnswerTo request: OpenedMessage) -> AppliedProtection {
        var applied = request.applied
        applied.isVerified = true
        guard request.form != nil else { return applied }
        applied.isAuthenticated = applied.isAuthenticated || security.required.isAuthenticated
        applied.isEncrypted = applied.isEncrypted || security.required.isEncrypted
        return applied
    }
}
