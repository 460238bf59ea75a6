// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Which method of which object a service invokes (IEC 62056-5-3, Cosem-Method-Descriptor).
///
/// Laid out as `AttributeDescriptor`, with a method index at the end.
public struct MethodDescriptor: Hashable, Sendable {
    /// The interface class of the object.
    public var classID: UInt16
    /// The logical name of the object.
    public var instanceID: OBISCode
    /// The method index; negative ones belong to the manufacturer.
    public var methodID: Int8

    /// Makes a descriptor.
    public init(classID: UInt16, instanceID: OBISCode, methodID: Int8) {
        self.classID = classID
        self.instanceID = instanceID
        self.methodID = methodID
    }
}

extension MethodDescriptor: OctetCodable {
    /// Reads the nine octets.
    ///
    /// - Throws: `.truncated`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        classID = try reader.readUInt16("class-id")
        instanceID = try OBISCode(decoding: &reader)
        methodID = try reader.readInt8("method-id")
    }

    /// Writes the nine octets.
    public func encode(into writer: inout OctetWriter) {
        writer.write(classID)
        instanceID.encode(into: &writer)
        writer.write(methodID)
    }
}
