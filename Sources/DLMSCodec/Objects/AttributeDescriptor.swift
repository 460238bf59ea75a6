// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Which attribute of which object a service addresses (IEC 62056-5-3, Cosem-Attribute-Descriptor).
///
/// | octets | field |
/// |---|---|
/// | 2 | class id |
/// | 6 | logical name |
/// | 1 | attribute index, signed: negative ones belong to the manufacturer, 0 means all |
public struct AttributeDescriptor: Hashable, Sendable {
    /// The interface class of the object.
    public var classID: UInt16
    /// The logical name of the object.
    public var instanceID: OBISCode
    /// The attribute index.
    public var attributeID: Int8

    /// Makes a descriptor.
    public init(classID: UInt16, instanceID: OBISCode, attributeID: Int8) {
        self.classID = classID
        self.instanceID = instanceID
        self.attributeID = attributeID
    }
}

extension AttributeDescriptor: OctetCodable {
    /// Reads the nine octets.
    ///
    /// - Throws: `.truncated`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        classID = try reader.readUInt16("class-id")
        instanceID = try OBISCode(decoding: &reader)
        attributeID = try reader.readInt8("attribute-id")
    }

    /// Writes the nine octets.
    public func encode(into writer: inout OctetWriter) {
        writer.write(classID)
        instanceID.encode(into: &writer)
        writer.write(attributeID)
    }
}
