// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Confirms a DATA-NOTIFICATION (IEC 62056-5-3, data-notification-confirm, tag 10).
public struct DataNotificationConfirm: Hashable, Sendable {
    /// Which notification it confirms.
    public var invoke: LongInvokeIDAndPriority
    /// When it was sent: empty or the twelve octets of a date-time.
    public var dateTime: [UInt8]

    /// Makes a confirmation.
    public init(invoke: LongInvokeIDAndPriority, dateTime: [UInt8] = []) {
        self.invoke = invoke
        self.dateTime = dateTime
    }
}

extension DataNotificationConfirm: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.dataNotificationConfirm, "data-notification-confirm")
        invoke = try LongInvokeIDAndPriority(decoding: &reader)
        dateTime = try reader.readOctetString("date-time")
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.dataNotificationConfirm)
        invoke.encode(into: &writer)
        writer.writeOctetString(dateTime)
    }
}
