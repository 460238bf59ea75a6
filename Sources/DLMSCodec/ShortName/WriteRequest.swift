// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Writes variables by short name (IEC 62056-5-3, WriteRequest, tag 06, and UnconfirmedWriteRequest, tag 16).
public struct WriteRequest: Hashable, Sendable {
    /// Whether an answer is expected.
    public var isConfirmed: Bool
    /// What is written.
    public var variables: [VariableAccess]
    /// One value for each.
    public var data: [DLMSData]

    /// Makes a request.
    public init(isConfirmed: Bool = true, variables: [VariableAccess], data: [DLMSData]) {
        self.isConfirmed = isConfirmed
        self.variables = variables
        self.data = data
    }
}

extension WriteRequest: OctetCodable {
    /// Reads the APDU with either tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        isConfirmed = reader.peek() != APDUTag.unconfirmedWriteRequest
        try reader.expectTag(
            isConfirmed ? APDUTag.writeRequest : APDUTag.unconfirmedWriteRequest,
            "write-request"
        )
        variables = try reader.readList("variable-access-specification list")
        data = try reader.readList("list of data")
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(isConfirmed ? APDUTag.writeRequest : APDUTag.unconfirmedWriteRequest)
        writer.writeList(variables)
        writer.writeList(data)
    }
}
