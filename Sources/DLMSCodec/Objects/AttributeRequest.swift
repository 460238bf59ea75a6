// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// An attribute, and optionally which part of its value (IEC 62056-5-3, Cosem-Attribute-Descriptor-With-Selection).
///
/// The descriptor is followed by a presence octet and, when that is 01, the selective access.
public struct AttributeRequest: Hashable, Sendable {
    /// The attribute.
    public var descriptor: AttributeDescriptor
    /// The part of its value; nil for all of it.
    public var selectiveAccess: SelectiveAccess?

    /// Makes a request for an attribute.
    public init(_ descriptor: AttributeDescriptor, selectiveAccess: SelectiveAccess? = nil) {
        self.descriptor = descriptor
        self.selectiveAccess = selectiveAccess
    }
}

extension AttributeRequest: OctetCodable {
    /// Reads descriptor, presence octet and selection.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        descriptor = try AttributeDescriptor(decoding: &reader)
        selectiveAccess = try reader.readOptional("access-selection")
    }

    /// Writes descriptor, presence octet and selection.
    public func encode(into writer: inout OctetWriter) {
        descriptor.encode(into: &writer)
        writer.writeOptional(selectiveAccess)
    }
}
