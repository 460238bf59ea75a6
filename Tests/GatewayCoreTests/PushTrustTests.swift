// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import Testing

@testable import GatewayCore

@Suite("What the protection of a push proves")
struct PushTrustTests {
    private func trust(
        signed: Bool = false,
        authenticated: Bool = false,
        verified: Bool = true,
        counts key: OpenedNotification.CounterKey?
    ) -> PushTrust {
        let protection = AppliedProtection(
            isAuthenticated: authenticated,
            isEncrypted: true,
            isSigned: signed,
            isVerified: verified
        )
        return PushTrust(protection, counts: key)
    }

    @Test func `A tag of the meter's own key, or its signature beside a counter, proves the meter`() {
        #expect(trust(authenticated: true, counts: .unicast) == .proven)
        #expect(trust(signed: true, counts: .unicast) == .proven)
        #expect(trust(signed: true, counts: .broadcast) == .proven)
    }

    @Test func `What can be played back, or made by others, proves nothing`() {
        #expect(trust(signed: true, counts: nil) == .unverified)
        #expect(trust(authenticated: true, counts: .broadcast) == .unverified)
        #expect(trust(authenticated: true, verified: false, counts: .unicast) == .unverified)
        #expect(trust(counts: .unicast) == .unverified)
    }
}
