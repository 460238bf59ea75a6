// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Values a server sends unasked by short name (IEC 62056-5-3, InformationReportRequest, tag 18).
public struct InformationReport: Hashable, Sendable {
    /// When it was sent, as the text of an ASN.1 GeneralizedTime such as `20240501120000Z`.
    public var currentTime: [UInt8]?
    /// Which variables are sent.
    public var variables: [VariableAccess]
    /// Their values.
    public var data: [DLMSData]

    /// Makes a report.
    public init(currentTime: [UInt8]? = nil, variables: [VariableAccess], data: [DLMSData]) {
        self.currentTime = currentTime
        self.variables = variables
        self.data = data
    }
}

extension InformationReport: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.informationReportRequest, "information-report-request")
        currentTime = try reader.readPresence("current-time") ? try reader.readOctetString("current-time") : nil
        variables = try reader.readList("variable-access-specification list")
        data = try reader.readList("list of data")
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.informationReportRequest)
        writer.write(currentTime != nil)
        if let currentTime { writer.writeOctetString(currentTime) }
        writer.writeList(variables)
        writer.writeList(data)
    }
}
