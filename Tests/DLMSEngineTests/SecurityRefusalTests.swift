// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Testing

@testable import DLMSEngine

@Suite("Protection that is not as it should be")
struct SecurityRefusalTests {
    private let fixture: SecurityFixture
    private let both = AppliedProtection(isAuthenticated: true, isEncrypted: true)

    init() throws {
        fixture = try SecurityFixture()
    }

    private func associated(_ security: SecuritySettings? = nil) -> MachinePair {
        fixture.counters.reset()
        return MachinePair(fixture.client(.high(.gmac), security), fixture.meter())
    }

    // MARK: What a client does not take

    @Test("An answer with a changed octet is refused, wherever it was changed")
    func tampered() throws {
        for position in [0, 5, 10, 20] {
            var pair = associated()
            pair.onTheWay = { apdu in
                var apdu = apdu
                apdu[apdu.count - 1 - position] ^= 0x10
                return apdu
            }
            #expect(pair.perform(.get([attribute()])) == nil)
            #expect(pair.error == .decipheringFailed(.tagMismatch))
            #expect(pair.outcomes.contains(.close))
        }
    }

    @Test("An answer in clear, or protected less than the request, is refused")
    func weaker() throws {
        var pair = associated()
        pair.onTheWay = { _ in hex("C401C2000903010203") }
        #expect(pair.perform(.get([attribute()])) == nil)
        #expect(pair.error == .serverProtectionTooWeak(required: both, received: .none))

        let unicast = try MessageProtection(
            suite: .suite0,
            encryptionKey: fixture.blockCipherKey,
            authenticationKey: fixture.authenticationKey
        )
        pair = associated()
        pair.onTheWay = { _ in
            let content = try? unicast.protect(
                hex("C401C2000903010203"),
                control: SecurityControl(rawValue: 0x20),
                systemTitle: SecurityFixture.serverTitle,
                invocationCounter: 10_000
            )
            return CipheredAPDU(plainTag: 0xC4, key: .global, content: content ?? [])?.octets ?? []
        }
        #expect(pair.perform(.get([attribute()])) == nil)
        let received = AppliedProtection(isAuthenticated: false, isEncrypted: true, isVerified: false)
        #expect(pair.error == .serverProtectionTooWeak(required: both, received: received))
    }

    @Test("An old answer is dropped, and the new one still taken")
    func doubled() throws {
        var pair = associated()
        #expect(pair.perform(.get([attribute()])) != nil)
        let old = pair.lastResponse
        pair.onTheWay = { _ in old }
        #expect(pair.perform(.get([attribute()])) == nil)
        #expect(pair.error == nil)
        let actions = pair.client.received(toClient(pair.lastResponse, client: 1), now: start)
        #expect(actions.last == .completed(.get([.data(hex("0903010203"))])))
    }

    @Test("Where nothing but old answers came, that is what is told")
    func replayed() throws {
        var pair = associated()
        #expect(pair.perform(.get([attribute()])) != nil)
        let old = pair.lastResponse
        pair.onTheWay = { _ in old }
        _ = pair.perform(.get([attribute()]))
        let failed = pair.client.deadlineReached(now: start + .seconds(10))
        guard case .failed(.replayed(let received, let lastSeen))? = failed.dropFirst().first else {
            Issue.record("\(failed)")
            return
        }
        #expect(received == lastSeen)
    }

    /// What the meter of the fixture sends when it protects nothing at all.
    private func protectedNothing() throws -> [UInt8] {
        let unicast = try MessageProtection(
            suite: .suite0,
            encryptionKey: fixture.blockCipherKey,
            authenticationKey: fixture.authenticationKey
        )
        let content = try unicast.protect(
            [],
            control: SecurityControl(rawValue: 0x30),
            systemTitle: SecurityFixture.serverTitle,
            invocationCounter: 10_000
        )
        return toClient(CipheredAPDU(plainTag: 0xC4, key: .global, content: content)?.octets ?? [], client: 1)
    }

    @Test("Protection with nothing inside fails a request, and ends what is waited for after a cancelled one")
    func nothingInside() throws {
        var pair = associated()
        pair.onTheWay = { _ in hex("C200000101000A02FF020600000001") }
        #expect(pair.perform(.get([attribute()])) == nil)
        var cancelled = pair.client
        let failed = pair.client.received(try protectedNothing(), now: start)
        #expect(failed.contains(.failed(.malformed(.emptyProtection, waitingFor: .getResponse))))
        _ = cancelled.cancel(now: start)
        #expect(cancelled.received(try protectedNothing(), now: start).last == .close)
        var idle = associated().client
        #expect(idle.received(try protectedNothing(), now: start).isEmpty)
    }

    @Test("Protection with nothing inside is no proof")
    func nothingInsteadOfProof() throws {
        fixture.counters.reset()
        let settings = fixture.client()
        var client = ClientMachine(settings: settings)
        var server = ServerMachine(objects: fixture.meter(), random: systemRandom)
        _ = client.countersReserved(1..<100, now: start)
        let actions = client.connected(now: start, randomness: try .drawn(for: settings))
        guard case .send(let request)? = actions.first, case .send(let response)? = server.received(request).first
        else {
            Issue.record("no AARE")
            return
        }
        _ = client.received(response, now: start)
        let failed = client.received(try protectedNothing(), now: start)
        #expect(
            failed.contains(.associationFailed(.malformed(.emptyProtection, waitingFor: .authenticationResponse)))
        )
    }

    @Test("What changes something is not sent again because of an error in clear")
    func refusedInClear() throws {
        var pair = associated()
        let long = AttributeWrite(attribute(), value: .octetString((0..<100).map { UInt8($0) }))
        for request in [ServiceRequest.set([long]), .set([long, long])] {
            pair.onTheWay = { _ in hex("D80104") }
            let sent = pair.requests
            #expect(pair.perform(request) == nil)
            #expect(pair.requests == sent + 1)
            pair = associated()
        }
        pair.onTheWay = { _ in hex("D80104") }
        let sent = pair.requests
        let method = MethodDescriptor(classID: 70, instanceID: OBISCode(0, 0, 96, 3, 10, 255), methodID: 1)
        #expect(pair.perform(.action(method, .octetString(Array(repeating: 1, count: 100)))) == nil)
        #expect(pair.requests == sent + 1)
        // The next request is shorter all the same.
        #expect(pair.client.info.learned.requestLimit != nil)
    }

    @Test("Errors may come in clear")
    func errorsInClear() throws {
        var pair = associated()
        pair.onTheWay = { _ in hex("D80201") }
        #expect(pair.perform(.get([attribute()])) == nil)
        #expect(
            pair.error
                == .exceptionResponse(
                    ExceptionResponse(stateError: .serviceUnknown, serviceError: .operationNotPossible)
                )
        )
        pair.onTheWay = { $0 }
        #expect(pair.perform(.get([attribute()])) != nil)
        pair.onTheWay = { _ in hex("D8010600000064") }
        #expect(pair.perform(.get([attribute()])) == nil)
        #expect(pair.error == .invocationCounterError(expected: 100))
    }

    @Test("Notifications in clear, or that cannot be read, are dropped in a protected association")
    func notifications() throws {
        for notification in ["C200000101000A02FF020600000001", "CA0530000000FF0102030405060708090A0B0C0D"] {
            var pair = associated()
            pair.onTheWay = { $0 }
            let actions = pair.client.received(toClient(hex(notification), client: 1), now: start)
            #expect(actions.isEmpty)
            #expect(pair.perform(.get([attribute()])) != nil)
        }
    }

    @Test("A server that proves nothing, or proves with another secret, is refused")
    func wrongServerProof() throws {
        let secret = Secret(text: "secret")
        var security = fixture.clientSecurity(authenticated: false, encrypted: false)
        security.serverSystemTitle = nil
        for (answer, error) in [
            ("C701C100010009100102030405060708090A0B0C0D0E0F10", EngineError.authenticationFailed),
            ("C701C10000", .authenticationFailed), ("C701C1000101FA", .authenticationFailed),
            ("C701C10300", .authenticationRefused(.readWriteDenied)),
        ] {
            let meter = fixture.meter(.high(.md5(secret)), required: .none)
            var client = ClientMachine(settings: fixture.client(.high(.md5(secret)), security))
            var server = ServerMachine(objects: meter, random: systemRandom)
            var actions = client.connected(now: start, randomness: try .drawn(for: settings()))
            guard case .send(let request)? = actions.first, case .send(let response)? = server.received(request).first
            else {
                Issue.record("no AARE")
                return
            }
            actions = client.received(response, now: start)
            #expect(actions.count == 2)
            actions = client.received(toClient(hex(answer), client: 1), now: start)
            #expect(actions.contains(.associationFailed(error)))
        }
    }

    @Test("Without randomness no challenge is made up")
    func noRandomness() throws {
        var client = ClientMachine(settings: fixture.client())
        #expect(client.connected(now: start).contains(.associationFailed(.randomnessUnavailable)))
    }

    @Test("A server that sends our own challenge back gets no proof for it")
    func reflectedChallenge() throws {
        let secret = Secret(text: "secret")
        let security = fixture.clientSecurity(authenticated: false, encrypted: false)
        var client = ClientMachine(settings: fixture.client(.high(.md5(secret)), security))
        let challenge = Array("0123456789ABCDEF".utf8)
        _ = client.connected(
            now: start,
            randomness: AssociationRandomness(
                challenge: challenge,
                dedicatedKey: Secret([]),
                contentKey: Secret([])
            )
        )
        let response = AARE(
            applicationContext: .logicalName,
            result: .accepted,
            diagnostic: .authenticationRequired,
            mechanism: .highMD5,
            respondingAuthenticationValue: AuthenticationValue(challenge),
            userInformation: hex("0800065F1F0400001E1D04000007")
        )
        #expect(
            client.received(toClient(response.octets, client: 1), now: start)
                .contains(.associationFailed(.authenticationFailed))
        )
    }

    // MARK: What goes wrong with keys and titles

    @Test("Another secret, key or title is refused with the reason")
    func wrongSettings() throws {
        let secret = AssociationAuthentication.high(.sha256(Secret(text: "right")))
        let wrong = AssociationAuthentication.high(.sha256(Secret(text: "wrong")))
        var pair = MachinePair(fixture.client(wrong), fixture.meter(secret))
        #expect(pair.error == .authenticationRefused(.readWriteDenied))

        let deciphering = EngineError.exceptionResponse(
            ExceptionResponse(stateError: .serviceNotAllowed, serviceError: .decipheringError)
        )
        var security = fixture.clientSecurity()
        security.blockCipherKey = Secret(Array(repeating: 9, count: 16))
        pair = MachinePair(fixture.client(.high(.gmac), security), fixture.meter())
        #expect(pair.error == deciphering)

        security = fixture.clientSecurity()
        security.authenticationKey = Secret(Array(repeating: 9, count: 16))
        pair = MachinePair(fixture.client(.high(.gmac), security), fixture.meter())
        #expect(pair.error == deciphering)

        security = fixture.clientSecurity()
        security.clientSystemTitle = hex("4D4D4D00000000FF")
        let meter = fixture.meter()
        var terms = fixture.serverSecurity(required: both)
        terms.clientSystemTitle = SecurityFixture.clientTitle
        meter.setTerms(AssociationTerms(authentication: .high(.gmac), security: terms), for: 1)
        pair = MachinePair(fixture.client(.high(.gmac), security), meter)
        #expect(
            pair.error
                == .associationRejected(
                    result: .rejectedPermanent,
                    diagnostic: .callingAPTitleNotRecognised,
                    initiateError: nil
                )
        )
        security.clientSystemTitle = [1, 2, 3]
        pair = MachinePair(fixture.client(.high(.gmac), security), meter)
        #expect(pair.error == .protectionFailed(.systemTitleLength(3)))
        security = fixture.clientSecurity()
        security.blockCipherKey = Secret([1, 2, 3])
        pair = MachinePair(fixture.client(.high(.gmac), security), meter)
        #expect(pair.error == .protectionFailed(.keyLength(expected: 16, given: 3)))
    }

    @Test("A server's title comes from the settings when the AARE has none, and has to come from somewhere")
    func serverTitle() throws {
        var client = ClientMachine(settings: fixture.client(.none))
        _ = client.connected(now: start)
        _ = client.countersReserved(1..<100, now: start)
        let content = hex("3000000001" + String(repeating: "00", count: 26))
        let response = AARE(
            applicationContext: .logicalNameCiphered,
            result: .accepted,
            diagnostic: .null,
            userInformation: CipheredAPDU(tag: 0x28, content: content)?.octets
        )
        #expect(
            client.received(toClient(response.octets, client: 1), now: start)
                .contains(.associationFailed(.serverSystemTitleUnknown))
        )
    }

    // MARK: Invocation counters

    @Test("A counter that is not above the last one is refused with the one expected")
    func lowCounter() throws {
        fixture.counters.set(last: 5000, of: SecurityFixture.clientTitle)
        var pair = MachinePair(fixture.client(), fixture.meter())
        #expect(pair.error == .invocationCounterError(expected: 5001))
        pair = MachinePair(fixture.client(), fixture.meter(), nextCounter: 5001)
        #expect(pair.client.isReady)
    }

    @Test("Without counters nothing is sent")
    func noCounters() throws {
        var pair = MachinePair(fixture.client(), fixture.meter(), nextCounter: nil)
        #expect(pair.error == .countersRefused(.notStored))
        #expect(pair.requests == 0)
        pair = MachinePair(fixture.client(), fixture.meter(), nextCounter: 0xFFFF_FFFF)
        #expect(pair.error == .countersRefused(.exhausted))
        #expect(pair.requests == 0)
    }

    @Test("A request that waits for counters can be cancelled, and fails when they come too late")
    func waiting() throws {
        var client = ClientMachine(settings: fixture.client(.none))
        #expect(client.connected(now: start).first == .reserveCounters(minimum: 4))
        let late = start + .seconds(10)
        #expect(client.deadlineReached(now: late).contains(.associationFailed(.countersRefused(.late))))

        client = ClientMachine(settings: fixture.client(.none))
        _ = client.connected(now: start)
        #expect(client.cancel(now: start).contains(.associationFailed(.cancelled)))
        #expect(client.countersReserved(1..<5, now: start).isEmpty)
    }

    // MARK: What a server does not take

    @Test("A server refuses repeated, clear and weaker requests")
    func serverRefuses() throws {
        var pair = associated()
        #expect(pair.perform(.get([attribute()])) != nil)
        let old = pair.lastRequest
        let expected = (fixture.counters.last(of: SecurityFixture.clientTitle) ?? 0) + 1
        #expect(pair.inject(old) == [ExceptionResponse(expectedInvocationCounter: expected).octets])
        #expect(pair.inject(hex("C001C100030100010800FF0200")) == [hex("D80101")])
        #expect(pair.perform(.get([attribute()])) != nil)
    }

    @Test("A server may keep silent, or tell of a service error only")
    func refusalOptions() throws {
        for (option, answers) in [
            (ServerMachine.Options.ProtectionRefusal.silence, [[UInt8]]()), (.serviceError, [hex("0E010006")]),
        ] {
            let options = ServerMachine.Options(protectionRefusal: option)
            var pair = MachinePair(fixture.client(), fixture.meter(), options: options)
            let old = pair.lastRequest
            #expect(pair.inject(old) == answers)
            fixture.counters.reset()
        }
    }

    @Test("Before its proof a client gets nothing, and after a wrong one it has no association")
    func beforeProof() throws {
        let secret = Secret(text: "secret")
        let meter = fixture.meter(.high(.md5(secret)), required: .none)
        var server = ServerMachine(objects: meter, random: systemRandom)
        let request = AARQ(
            applicationContext: .logicalName,
            mechanism: .highMD5,
            callingAuthenticationValue: AuthenticationValue(Array(repeating: 5, count: 16)),
            userInformation: hex("01000000065F1F0400001E1D0400")
        )
        _ = server.received(toServer(request.octets, client: 1))
        let read = toServer(hex("C001C100030100010800FF0200"), client: 1)
        #expect(server.received(read).first == .send(toClient(hex("D80101"), client: 1)))
        let proof = hex("C301C1000F0000280000FF01010910") + Array(repeating: 0, count: 16)
        #expect(server.received(toServer(proof, client: 1)).first == .send(toClient(hex("C701C10300"), client: 1)))
        #expect(server.openAssociations == 0)
    }
}
