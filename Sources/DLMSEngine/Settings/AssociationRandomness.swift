// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// The random octets that opening one association takes; they come from outside, so that a run can be repeated.
public struct AssociationRandomness: Hashable, Sendable {
    /// The client's challenge, 8 to 64 octets.
    public var challenge: [UInt8]
    /// The dedicated key, of the length that the suite demands.
    public var dedicatedKey: Secret
    /// The content key that is sent wrapped, of the length that the suite demands.
    public var contentKey: Secret

    /// Takes random octets.
    public init(challenge: [UInt8], dedicatedKey: Secret, contentKey: Secret) {
        self.challenge = challenge
        self.dedicatedKey = dedicatedKey
        self.contentKey = contentKey
    }

    /// Draws from the system what an association with these settings can need.
    ///
    /// - Throws: `SealingError.randomnessUnavailable` when the system has no randomness.
    public static func drawn(for settings: AssociationSettings) throws(SealingError) -> AssociationRandomness {
        let keyLength = (settings.security?.suite ?? .suite0).keyLength
        return AssociationRandomness(
            challenge: try RandomOctets.draw(32),
            dedicatedKey: Secret(try RandomOctets.draw(keyLength)),
            contentKey: Secret(try RandomOctets.draw(keyLength))
        )
    }
}

extension AssociationSettings {
    /// Whether opening the association takes random octets.
    public var needsRandomness: Bool {
        if case .high = self.authentication { return true }
        switch self.security?.ciphering {
        case .dedicated, .generalDedicated, .general(.wrapped): return true
        case nil, .global, .generalGlobal, .general: return false
        }
    }
}
