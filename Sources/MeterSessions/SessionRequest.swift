// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine

/// A request to a meter in one of its associations.
public struct SessionRequest: Hashable, Sendable {
    /// What to do.
    public var service: ServiceRequest
    /// The name of the association to do it in.
    public var association: String

    /// Pairs a service with an association.
    public init(service: ServiceRequest, association: String) {
        self.service = service
        self.association = association
    }
}
