// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Reads, writes and invokes in one exchange (IEC 62056-5-3, ACCESS-Request, tag D9).
public struct AccessRequest: Hashable, Sendable {
    /// Which invocation it is.
    public var invoke: LongInvokeIDAndPriority
    /// When it was sent: empty or the twelve octets of a date-time.
    public var dateTime: [UInt8]
    /// What is asked for.
    public var specifications: [AccessSpecification]
    /// One value for each specification, null-data where none is needed.
    public var data: [DLMSData]

    /// Makes a request.
    public init(
        invoke: LongInvokeIDAndPriority,
        dateTime: [UInt8] = [],
        specifications: [AccessSpecification],
        data: [DLMSData]
    ) {
        self.invoke = invoke
        self.dateTime = dateTime
        self.specifications = specifications
        self.data = data
    }
}

extension AccessRequest: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.accessRequest, "access-request")
        invoke = try LongInvokeIDAndPriority(decoding: &reader)
        dateTime = try reader.readOctetString("date-time")
        specifications = try reader.readList("access-request-specification")
        data = try reader.readList("access-request-list-of-data")
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.accessRequest)
        invoke.encode(into: &writer)
        writer.writeOctetString(dateTime)
        writer.writeList(specifications)
        writer.writeList(data)
    }
}
