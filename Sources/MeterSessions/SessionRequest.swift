// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine

/// A request to a meter in one of its associations.
public struct SessionRequest: Hashable, Sendable {
    /// What to do.
    public var service: ServiceRequest
    /// The name of the association to do it in.
    public var association: String
    /// On whose behalf; callers with work of the same priority take turns on a channel.
    public var caller: String
    /// Whether a streamed value may end after any of its parts, because urgent work waits; see
    /// ``SessionAnswer/madeWay``.
    public var makesWay: Bool

    /// Pairs a service with an association.
    public init(service: ServiceRequest, association: String, caller: String = "", makesWay: Bool = false) {
        self.service = service
        self.association = association
        self.caller = caller
        self.makesWay = makesWay
    }
}
