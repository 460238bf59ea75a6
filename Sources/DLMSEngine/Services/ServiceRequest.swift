// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// One thing to be done with a server's objects; how it is packed into APDUs is the engine's work.
public enum ServiceRequest: Hashable, Sendable {
    /// Read attributes, in any number.
    case get([AttributeRequest])
    /// Write attributes one after the other, in this order.
    case set([AttributeWrite])
    /// Invoke a method, with its parameter if it has one.
    case action(MethodDescriptor, DLMSData?)

    /// Which service this is.
    public var service: Service {
        switch self {
        case .get: .get
        case .set: .set
        case .action: .action
        }
    }

    /// The services of logical name referencing.
    public enum Service: String, Hashable, Sendable, CaseIterable {
        /// Reading.
        case get
        /// Writing.
        case set
        /// Invoking a method.
        case action
    }
}

/// An attribute with the value to be written to it.
public struct AttributeWrite: Hashable, Sendable {
    /// The attribute, with selective access if part of it is meant.
    public var request: AttributeRequest
    /// The value.
    public var value: DLMSData

    /// Pairs an attribute with a value.
    public init(_ request: AttributeRequest, value: DLMSData) {
        self.request = request
        self.value = value
    }
}
