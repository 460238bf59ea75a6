// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Reads variables by short name (IEC 62056-5-3, ReadRequest, tag 05).
public struct ReadRequest: Hashable, Sendable {
    /// What is read.
    public var variables: [VariableAccess]

    /// Makes a request.
    public init(_ variables: [VariableAccess]) {
        self.variables = variables
    }
}

extension ReadRequest: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.readRequest, "read-request")
        variables = try reader.readList("variable-access-specification list")
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.readRequest)
        writer.writeList(variables)
    }
}
