// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Testing

@testable import DLMSEngine

@Suite("Protected associations")
struct SecurityTests {
    static let protections: [(Bool, Bool)] = [(true, true), (true, false), (false, true)]
    static let cipherings: [SecuritySettings.Ciphering] =
        [.global, .dedicated, .generalGlobal, .generalDedicated] + contentKeys
    static let contentKeys: [SecuritySettings.Ciphering] =
        SecuritySettings.ContentKeySource.allCases.map { .general($0) }

    static func mechanisms(_ fixture: SecurityFixture) -> [(AssociationAuthentication, AssociationAuthentication)] {
        let secret = Secret(text: "secret of both")
        var all: [(AssociationAuthentication, AssociationAuthentication)] = [
            (.none, .none), (.low(secret), .low(secret)), (.high(.aes(secret)), .high(.aes(secret))),
            (.high(.md5(secret)), .high(.md5(secret))), (.high(.sha1(secret)), .high(.sha1(secret))),
            (.high(.gmac), .high(.gmac)), (.high(.sha256(secret)), .high(.sha256(secret))),
        ]
        if let client = fixture.ecdsa(client: true), let server = fixture.ecdsa(client: false) {
            all.append((.high(client), .high(server)))
        }
        return all
    }

    /// Reads, writes long and short, and invokes; every value has to come out as it went in.
    private func use(_ pair: inout MachinePair, _ meter: TestMeter) throws {
        #expect(pair.perform(.get([attribute()])) == .get([.data(DLMSData.octetString([1, 2, 3]).octets)]))
        let long = DLMSData.octetString((0..<1500).map { UInt8(truncatingIfNeeded: $0) })
        let other = attribute(of: "1.0.2.8.0.255")
        meter.store(.nullData, at: other)
        #expect(pair.perform(.set([AttributeWrite(other, value: long)])) == .set([.success]))
        #expect(pair.perform(.get([other])) == .get([.data(long.octets)]))
        let method = MethodDescriptor(classID: 9, instanceID: OBISCode(0, 0, 10, 0, 1, 255), methodID: 1)
        #expect(
            pair.perform(.action(method, long))
                == .action(ActionOutcome(result: .success, returned: .data(long.octets)))
        )
    }

    @Test("Every mechanism works with every protection in every suite", arguments: SecuritySuite.allCases)
    func everyMechanism(suite: SecuritySuite) throws {
        let fixture = try SecurityFixture(suite)
        for (client, server) in Self.mechanisms(fixture) {
            for (authenticated, encrypted) in Self.protections + [(false, false)] {
                let required = AppliedProtection(isAuthenticated: authenticated, isEncrypted: encrypted)
                let meter = fixture.meter(server, required: required)
                let security = fixture.clientSecurity(authenticated: authenticated, encrypted: encrypted)
                var pair = MachinePair(fixture.client(client, security), meter)
                #expect(pair.client.isReady, "\(client) \(required)")
                try use(&pair, meter)
                #expect(pair.client.info.answerProtection.isAtLeast(required))
                #expect(pair.client.info.serverSystemTitle == SecurityFixture.serverTitle)
                pair.release()
                #expect(pair.outcomes.contains(.released))
                #expect(fixture.counters.refusals == 0)
                #expect(fixture.counters.sharedProofs == 0)
                fixture.counters.reset()
            }
        }
    }

    @Test(
        "Every way of ciphering works, signed and not, within the PDU sizes of both",
        arguments: SecuritySuite.allCases,
        cipherings
    )
    func everyCiphering(suite: SecuritySuite, ciphering: SecuritySettings.Ciphering) throws {
        let needsCurve = ciphering == .general(.agreedOnePass) || ciphering == .general(.agreedStatic)
        guard suite != .suite0 || !needsCurve else { return }
        let fixture = try SecurityFixture(suite)
        for signed in suite == .suite0 ? [false] : [false, true] {
            for (authenticated, encrypted) in Self.protections {
                fixture.counters.reset()
                var required = AppliedProtection(isAuthenticated: authenticated, isEncrypted: encrypted)
                required.isSigned = signed
                let meter = fixture.meter(required: required, maxPDUSize: 512)
                let security = fixture.clientSecurity(
                    authenticated: authenticated,
                    encrypted: encrypted,
                    ciphering,
                    signed: signed
                )
                var pair = MachinePair(fixture.client(.high(.gmac), security, maxPDUSize: 600), meter)
                #expect(pair.client.isReady)
                try use(&pair, meter)
                #expect(pair.client.info.answerProtection.isAtLeast(required))
                #expect(pair.longestRequest <= 512)
                #expect(pair.longestResponse <= 600)
                #expect(fixture.counters.refusals == 0)
            }
        }
    }

    @Test("General protection is proposed exactly when messages use it", arguments: cipherings)
    func proposesGeneralProtection(ciphering: SecuritySettings.Ciphering) throws {
        let fixture = try SecurityFixture(.suite1)
        let meter = fixture.meter()
        let required = AppliedProtection(isAuthenticated: true, isEncrypted: true)
        let security = fixture.serverSecurity(required: required)
        var terms = AssociationTerms(authentication: .high(.gmac), security: security)
        terms.conformance.insert(.generalProtection)
        meter.setTerms(terms, for: 1)
        let pair = MachinePair(fixture.client(.high(.gmac), fixture.clientSecurity(ciphering)), meter)
        let isGeneral = ![.global, .dedicated].contains(ciphering)
        #expect(pair.client.isReady)
        #expect(pair.client.info.conformance.contains(.generalProtection) == isGeneral)
    }

    @Test("Requests with the broadcast key are served, and answered with the unicast key")
    func broadcastKey() throws {
        let fixture = try SecurityFixture()
        let meter = fixture.meter()
        var security = fixture.clientSecurity()
        var terms = fixture.serverSecurity(required: AppliedProtection(isAuthenticated: true, isEncrypted: true))
        let key = Secret(Array(repeating: 7, count: 16))
        security.broadcastKey = key
        terms.broadcastKey = key
        meter.setTerms(AssociationTerms(authentication: .high(.gmac), security: terms), for: 1)
        var pair = MachinePair(fixture.client(.high(.gmac), security), meter)
        try use(&pair, meter)
        #expect(fixture.counters.last(of: SecurityFixture.clientTitle, key: .broadcast) != nil)
    }

    @Test("A long value takes thousands of counters, which are reserved in growing steps")
    func manyCounters() throws {
        let fixture = try SecurityFixture()
        let meter = fixture.meter()
        let long = DLMSData.octetString((0..<100_000).map { UInt8(truncatingIfNeeded: $0) })
        meter.store(long, at: attribute())
        var pair = MachinePair(fixture.client(maxPDUSize: 60), meter)
        let blocks = pair.requests
        #expect(pair.perform(.get([attribute()])) == .get([.data(long.octets)]))
        #expect(pair.requests - blocks > 5000)
        #expect(pair.reservations < 20)
    }

    @Test("A dedicated key counts by itself")
    func dedicatedCounters() throws {
        let fixture = try SecurityFixture()
        let meter = fixture.meter()
        var pair = MachinePair(fixture.client(.high(.gmac), fixture.clientSecurity(.dedicated)), meter)
        for _ in 0..<100 { #expect(pair.perform(.get([attribute()])) != nil) }
        #expect(pair.reservations == 1)
    }

    @Test("An answer that has no checked tag is marked")
    func unverified() throws {
        let fixture = try SecurityFixture()
        let required = AppliedProtection(isAuthenticated: false, isEncrypted: true)
        let meter = fixture.meter(.none, required: required)
        var pair = MachinePair(fixture.client(.none, fixture.clientSecurity(authenticated: false)), meter)
        #expect(pair.perform(.get([attribute()])) != nil)
        #expect(!pair.client.info.answerProtection.isVerified)
        #expect(pair.client.info.answerProtection.isEncrypted)
        // A meter that makes a tag all the same, for a client that has no key to check it.
        meter.setTerms(
            AssociationTerms(
                authentication: .none,
                security: fixture.serverSecurity(required: .none)
            ),
            for: 1
        )
        var security = fixture.clientSecurity(authenticated: false)
        security.authenticationKey = nil
        pair = MachinePair(fixture.client(.none, security), meter, nextCounter: 1000)
        #expect(pair.perform(.get([attribute()])) != nil)
        #expect(!pair.client.info.answerProtection.isVerified)
    }
}
