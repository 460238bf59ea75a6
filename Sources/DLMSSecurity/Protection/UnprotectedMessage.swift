// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// What was inside a protected message, and how it was protected.
public struct UnprotectedMessage: Hashable, Sendable {
    /// The plain APDU with its own tag.
    public var apdu: [UInt8]
    /// Which protection the sender applied.
    public var control: SecurityControl
    /// The invocation counter of the sender.
    public var invocationCounter: UInt32
    /// Whether a tag was there, was checked, and fits; false for everything that anybody could have made or changed.
    public var isVerified: Bool

    /// Makes a message.
    public init(apdu: [UInt8], control: SecurityControl, invocationCounter: UInt32, isVerified: Bool) {
        self.apdu = apdu
        self.control = control
        self.invocationCounter = invocationCounter
        self.isVerified = isVerified
    }
}
