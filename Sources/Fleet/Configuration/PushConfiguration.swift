// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel

/// What a meter sends by itself, and how it is known then.
public struct PushConfiguration: Hashable, Sendable {
    /// The most identities and objects.
    static let most = 200

    /// By what the meter is known beside its address, its system title and its id: addresses, system titles as 16
    /// hexadecimal digits, logical device names, numbers.
    public var identities: [String]
    /// Whether messages are taken that prove nothing; nil leaves it to the gateway, and to whether the meter has keys.
    public var acceptsUnprotected: Bool?
    /// What stands where in messages that do not tell; empty takes the push object list of the meter.
    public var objects: [CaptureObject]

    /// Makes a configuration; by default the gateway finds out everything.
    public init(identities: [String] = [], acceptsUnprotected: Bool? = nil, objects: [CaptureObject] = []) {
        self.identities = identities
        self.acceptsUnprotected = acceptsUnprotected
        self.objects = objects
    }
}
