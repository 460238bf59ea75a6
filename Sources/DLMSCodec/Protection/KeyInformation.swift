// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Which key protects an APDU of general ciphering (IEC 62056-5-3, Key-Info).
///
/// | choice | content |
/// |---|---|
/// | 00 | key id: 0 global unicast, 1 global broadcast |
/// | 01 | id of the wrapping key: 0 master, and OCTET STRING with the wrapped key |
/// | 02 | OCTET STRING with parameters: 01 C(1e,1s), 02 C(0e,2s), and OCTET STRING with public key and signature |
public enum KeyInformation: Hashable, Sendable {
    /// A key both sides have.
    case identified(keyID: UInt8)
    /// A key sent wrapped.
    case wrapped(wrappingKeyID: UInt8, keyCipheredData: [UInt8])
    /// A key both sides derive.
    case agreed(parameters: [UInt8], keyCipheredData: [UInt8])
}

extension KeyInformation: OctetCodable {
    /// Reads the choice and its content.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        switch try reader.readUInt8("choice of key-info") {
        case 0: self = .identified(keyID: try reader.readUInt8("key-id"))
        case 1:
            let keyID = try reader.readUInt8("kek-id")
            self = .wrapped(wrappingKeyID: keyID, keyCipheredData: try reader.readOctetString("key-ciphered-data"))
        case 2:
            let parameters = try reader.readOctetString("key-parameters")
            self = .agreed(
                parameters: parameters,
                keyCipheredData: try reader.readOctetString("key-ciphered-data")
            )
        case let choice: throw reader.unknownChoice(choice, "key-info")
        }
    }

    /// Writes the choice and its content.
    public func encode(into writer: inout OctetWriter) {
        switch self {
        case .identified(let keyID): writer.write(contentsOf: [0, keyID])
        case .wrapped(let keyID, let data):
            writer.write(contentsOf: [1, keyID])
            writer.writeOctetString(data)
        case .agreed(let parameters, let data):
            writer.write(2 as UInt8)
            writer.writeOctetString(parameters)
            writer.writeOctetString(data)
        }
    }
}
