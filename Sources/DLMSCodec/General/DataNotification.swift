// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A value a server sends unasked (IEC 62056-5-3, DATA-NOTIFICATION, tag 0F).
public struct DataNotification: Hashable, Sendable {
    /// Which notification it is.
    public var invoke: LongInvokeIDAndPriority
    /// When it was sent: empty or the twelve octets of a date-time.
    public var dateTime: [UInt8]
    /// What is notified.
    public var body: DLMSData

    /// Makes a notification.
    public init(invoke: LongInvokeIDAndPriority, dateTime: [UInt8] = [], body: DLMSData) {
        self.invoke = invoke
        self.dateTime = dateTime
        self.body = body
    }

    /// When it was sent; nil when it does not say so in twelve octets.
    public var time: COSEMDateTime? { try? COSEMDateTime(octets: dateTime) }
}

extension DataNotification: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.dataNotification, "data-notification")
        invoke = try LongInvokeIDAndPriority(decoding: &reader)
        // Observed: Kaifa HAN lists write the type tag 09 in front of the length.
        if reader.rest.starts(with: [0x09, 0x0C]) { _ = try reader.readUInt8() }
        dateTime = try reader.readOctetString("date-time")
        body = try DLMSData(decoding: &reader)
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.dataNotification)
        invoke.encode(into: &writer)
        writer.writeOctetString(dateTime)
        body.encode(into: &writer)
    }
}
