// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// One thing an ACCESS asks for (IEC 62056-5-3, Access-Request-Specification).
///
/// | choice | content |
/// |---|---|
/// | 01, 02 | attribute descriptor to read, to write |
/// | 03 | method descriptor |
/// | 04, 05 | attribute descriptor, selector and parameters to read, to write |
public enum AccessSpecification: Hashable, Sendable {
    /// Reads an attribute.
    case get(AttributeDescriptor)
    /// Writes an attribute.
    case set(AttributeDescriptor)
    /// Invokes a method.
    case action(MethodDescriptor)
    /// Reads a part of an attribute.
    case getWithSelection(AttributeDescriptor, SelectiveAccess)
    /// Writes a part of an attribute.
    case setWithSelection(AttributeDescriptor, SelectiveAccess)
}

extension AccessSpecification: OctetCodable {
    /// Reads the choice and its content.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        switch try reader.readUInt8("choice of access specification") {
        case 1: self = .get(try AttributeDescriptor(decoding: &reader))
        case 2: self = .set(try AttributeDescriptor(decoding: &reader))
        case 3: self = .action(try MethodDescriptor(decoding: &reader))
        case 4:
            let attribute = try AttributeDescriptor(decoding: &reader)
            self = .getWithSelection(attribute, try SelectiveAccess(decoding: &reader))
        case 5:
            let attribute = try AttributeDescriptor(decoding: &reader)
            self = .setWithSelection(attribute, try SelectiveAccess(decoding: &reader))
        case let choice: throw reader.unknownChoice(choice, "access specification")
        }
    }

    /// Writes the choice and its content.
    public func encode(into writer: inout OctetWriter) {
        switch self {
        case .get(let attribute):
            writer.write(1 as UInt8)
            attribute.encode(into: &writer)
        case .set(let attribute):
            writer.write(2 as UInt8)
            attribute.encode(into: &writer)
        case .action(let method):
            writer.write(3 as UInt8)
            method.encode(into: &writer)
        case .getWithSelection(let attribute, let selection):
            writer.write(4 as UInt8)
            attribute.encode(into: &writer)
            selection.encode(into: &writer)
        case .setWithSelection(let attribute, let selection):
            writer.write(5 as UInt8)
            attribute.encode(into: &writer)
            selection.encode(into: &writer)
        }
    }
}
