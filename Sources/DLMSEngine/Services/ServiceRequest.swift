// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// One thing to be done with a server's objects; how it is packed into APDUs is the engine's work.
public enum ServiceRequest: Hashable, Sendable {
    /// Read attributes, in any number.
    case get([AttributeRequest])
    /// Write attributes one after the other, in this order.
    case set([AttributeWrite])
    /// Write an attribute without being told what came of it; done as soon as it was sent.
    case unconfirmedSet(AttributeWrite)
    /// Invoke a method, with its parameter if it has one.
    case action(MethodDescriptor, DLMSData?)
    /// Invoke methods one after the other, in this order.
    case actions([MethodInvocation])
    /// Read, write and invoke with the ACCESS service, which both sides have to have agreed to.
    ///
    /// What follows an item that fails is skipped if `breaksOnError`; whether the server obeys is up to it.
    case access([AccessItem], breaksOnError: Bool)
    /// Something to be done in the text protocol of IEC 62056-21, which has no other requests.
    case text(TextRequest)

    /// Which service this is.
    public var service: Service {
        switch self {
        case .get: .get
        case .set, .unconfirmedSet: .set
        case .action, .actions: .action
        case .access(let items, _): items.allSatisfy(\.isRead) ? .get : .access
        case .text(let request): request.service
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
        /// Reading, writing and invoking in one request; what only reads counts as ``get``.
        case access
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

/// A method with its parameter.
public struct MethodInvocation: Hashable, Sendable {
    /// The method.
    public var method: MethodDescriptor
    /// The parameter, if the method has one.
    public var parameter: DLMSData?

    /// Pairs a method with its parameter.
    public init(_ method: MethodDescriptor, parameter: DLMSData? = nil) {
        self.method = method
        self.parameter = parameter
    }
}

/// One thing to be done by the ACCESS service.
public enum AccessItem: Hashable, Sendable {
    /// Read an attribute.
    case get(AttributeRequest)
    /// Write an attribute.
    case set(AttributeWrite)
    /// Invoke a method.
    case action(MethodInvocation)

    /// Whether it changes nothing.
    public var isRead: Bool {
        if case .get = self { true } else { false }
    }
}
