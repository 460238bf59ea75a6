// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What a short-name service addresses (IEC 62056-5-3, Variable-Access-Specification).
///
/// | choice | content |
/// |---|---|
/// | 02 | name (2) |
/// | 04 | name (2), selector (1), parameter |
/// | 05 | number of the block received (2) |
/// | 06 | last block (1), number (2), OCTET STRING |
/// | 07 | last block (1), number (2) |
///
/// Names are INTEGER 16 in the standard but used as unsigned, such as FA00 for the association.
public enum VariableAccess: Hashable, Sendable {
    /// A variable: an attribute or a method.
    case variableName(UInt16)
    /// A part of a variable, or a method with a parameter.
    case parameterizedAccess(UInt16, selector: UInt8, parameter: DLMSData)
    /// The block of a long answer after the one with this number.
    case blockNumberAccess(UInt16)
    /// A block of a long list of names to read.
    case readDataBlockAccess(isLast: Bool, blockNumber: UInt16, rawData: [UInt8])
    /// A block of a long write, whose octets are the value.
    case writeDataBlockAccess(isLast: Bool, blockNumber: UInt16)
}

extension VariableAccess: OctetCodable {
    /// Reads the choice and its content.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        switch try reader.readUInt8("choice of variable-access-specification") {
        case 2: self = .variableName(try reader.readUInt16("variable-name"))
        case 4:
            let name = try reader.readUInt16("variable-name")
            let selector = try reader.readUInt8("selector")
            self = .parameterizedAccess(name, selector: selector, parameter: try DLMSData(decoding: &reader))
        case 5: self = .blockNumberAccess(try reader.readUInt16("block-number"))
        case 6:
            let isLast = try reader.readBool("last-block")
            let number = try reader.readUInt16("block-number")
            let rawData = try reader.readOctetString("raw-data")
            self = .readDataBlockAccess(isLast: isLast, blockNumber: number, rawData: rawData)
        case 7:
            let isLast = try reader.readBool("last-block")
            self = .writeDataBlockAccess(isLast: isLast, blockNumber: try reader.readUInt16("block-number"))
        case let choice: throw reader.unknownChoice(choice, "variable-access-specification")
        }
    }

    /// Writes the choice and its content.
    public func encode(into writer: inout OctetWriter) {
        switch self {
        case .variableName(let name):
            writer.write(2 as UInt8)
            writer.write(name)
        case .parameterizedAccess(let name, let selector, let parameter):
            writer.write(4 as UInt8)
            writer.write(name)
            writer.write(selector)
            parameter.encode(into: &writer)
        case .blockNumberAccess(let number):
            writer.write(5 as UInt8)
            writer.write(number)
        case .readDataBlockAccess(let isLast, let number, let rawData):
            writer.write(6 as UInt8)
            writer.write(isLast)
            writer.write(number)
            writer.writeOctetString(rawData)
        case .writeDataBlockAccess(let isLast, let number):
            writer.write(7 as UInt8)
            writer.write(isLast)
            writer.write(number)
        }
    }
}
