// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import DLMSEngine
public import DLMSSecurity

/// Whose invocation counters a protected association uses, and how the meter's view of them is found out.
public struct CounterPlan: Hashable, Sendable {
    /// The identifier of the meter.
    public var meter: String
    /// The name of the association.
    public var association: String
    /// Names the key whose counters are used.
    public var key: KeyFingerprint
    /// The client's system title, 8 octets.
    public var clientSystemTitle: [UInt8]
    /// The object whose value is the meter's view, with the settings to read it without any security; nil = there is
    /// none.
    public var object: CounterObject?
    /// Whether a counter of the meter that is not above the last one known is refused in a new association, too.
    public var keepsServerCounter: Bool

    /// Describes whose counters are used.
    public init(
        meter: String,
        association: String,
        key: KeyFingerprint,
        clientSystemTitle: [UInt8],
        object: CounterObject? = nil,
        keepsServerCounter: Bool = true
    ) {
        self.meter = meter
        self.association = association
        self.key = key
        self.clientSystemTitle = clientSystemTitle
        self.object = object
        self.keepsServerCounter = keepsServerCounter
    }
}

/// An object that tells which counter a meter saw last, and how to read it without any security.
public struct CounterObject: Hashable, Sendable {
    /// The logical name of an object of class 1.
    public var logicalName: OBISCode
    /// How to associate for reading it.
    public var settings: AssociationSettings

    /// Pairs an object with the way to it.
    public init(logicalName: OBISCode, settings: AssociationSettings) {
        self.logicalName = logicalName
        self.settings = settings
    }
}
