// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
public import DLMSCodec
public import JSONText
public import Timekeeping

/// A wish to invoke a method.
public struct MethodCommand: Hashable, Sendable {
    /// The logical name of the object.
    public var object: OBISCode
    /// The class, where several objects share the logical name.
    public var classID: UInt16?
    /// The method.
    public var method: MemberName
    /// The parameter, friendly or typed; nil for none, or for what a method without a parameter is sent.
    public var parameter: JSONValue?
    /// Whether to do everything but the invocation.
    public var isDryRun: Bool

    /// Makes a wish.
    public init(
        object: OBISCode,
        classID: UInt16? = nil,
        method: MemberName,
        parameter: JSONValue? = nil,
        isDryRun: Bool = false
    ) {
        self.object = object
        self.classID = classID
        self.method = method
        self.parameter = parameter
        self.isDryRun = isDryRun
    }
}

/// What came of a method.
public struct MethodOutcome: Sendable {
    /// The object.
    public let object: MeterObject
    /// The method.
    public let methodIndex: Int8
    /// What the method returned, if it did.
    public let returned: DLMSData?
    /// Whether this was a dry run.
    public let isDryRun: Bool
    /// The association in which it was invoked.
    public let association: String
    /// When it was invoked; nil in a dry run.
    public let invokedAt: Timestamp?
    /// Where the time went.
    public let timings: ExchangeTimings

    /// The name of the method in the class model.
    public var methodName: String? { object.model?.method(methodIndex)?.name }
}
