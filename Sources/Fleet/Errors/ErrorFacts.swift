// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// The object of a meter that a failure is about, as far as it is known.
public struct ObjectTarget: Hashable, Sendable {
    /// The meter.
    public var meter: MeterID
    /// The logical name.
    public var object: OBISCode
    /// The interface class.
    public var classID: UInt16?
    /// The attribute or method.
    public var member: Member?

    /// Names an object, or one attribute or method of it.
    public init(meter: MeterID, object: OBISCode, classID: UInt16? = nil, member: Member? = nil) {
        self.meter = meter
        self.object = object
        self.classID = classID
        self.member = member
    }

    /// One part of an object by its index.
    public enum Member: Hashable, Sendable {
        /// An attribute.
        case attribute(Int8)
        /// A method.
        case method(Int8)
    }
}

extension ObjectTarget: CustomStringConvertible {
    /// Such as `attribute 2 of 1.0.1.8.0.255 in meter M-1`.
    public var description: String {
        switch member {
        case .attribute(let index): "attribute \(index) of \(object) in meter \(meter)"
        case .method(let index): "method \(index) of \(object) in meter \(meter)"
        case nil: "\(object) in meter \(meter)"
        }
    }
}

/// A result code as the meter sent it, with the standard's name; shown to callers as the member `dlms`.
public struct DLMSOutcome: Hashable, Sendable {
    /// The service: `get`, `set`, `action`, `association` and so on.
    public var service: String
    /// The standard's name of the result, such as `read-write-denied`.
    public var result: String
    /// The number of the result.
    public var code: Int

    /// Makes an outcome.
    public init(service: String, result: String, code: Int) {
        self.service = service
        self.result = result
        self.code = code
    }
}

extension DLMSOutcome: CustomStringConvertible {
    /// Such as `read-write-denied (3) to get`.
    public var description: String { "\(result) (\(code)) to \(service)" }
}
