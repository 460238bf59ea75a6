// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A value a server sends unasked (IEC 62056-5-3, DATA-NOTIFICATION, tag 0F).
public struct DataNotification: Hashable, Sendable {
    /// Which notification it is.
    public var invoke: LongInvokeIDAndPriority
    /// When it was sent: empty or the twelve octets of a date-time.
    public var dateTime: [UInt8]
    /// What is notified; a proper value also where it was not sent as one.
    public var body: DLMSData
    /// How its encoding differs from the standard's.
    public var deviations: NotificationDeviations

    /// Makes a notification.
    public init(
        invoke: LongInvokeIDAndPriority,
        dateTime: [UInt8] = [],
        body: DLMSData,
        deviations: NotificationDeviations = []
    ) {
        self.invoke = invoke
        self.dateTime = dateTime
        self.body = body
        self.deviations = deviations
    }

    /// When it was sent; nil when it does not say so in twelve octets.
    public var time: COSEMDateTime? { try? COSEMDateTime(octets: dateTime) }
}

extension DataNotification: OctetCodable {
    private static let taggedDateTimeHeader: [UInt8] = [DataTag.octetString.rawValue, 12]

    /// Reads the APDU with its tag, and marks how it differs from the standard's encoding.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try self.init(decoding: &reader, accepting: .all)
    }

    /// Reads the APDU with its tag.
    ///
    /// A body is taken for a deviating one only when it is no proper value or leaves octets over, and when the octets
    /// are used up then.
    /// - Parameter accepted: which deviations from the standard's encoding are understood.
    /// - Throws: `DecodeError`.
    public init(
        decoding reader: inout OctetReader,
        accepting accepted: NotificationDeviations
    ) throws(DecodeError) {
        try reader.expectTag(APDUTag.dataNotification, "data-notification")
        invoke = try LongInvokeIDAndPriority(decoding: &reader)
        deviations = []
        if accepted.contains(.taggedDateTime), reader.rest.starts(with: Self.taggedDateTimeHeader) {
            deviations.insert(.taggedDateTime)
            _ = try reader.readUInt8("type tag of date-time")
        }
        dateTime = try reader.readOctetString("date-time")
        var ahead = reader
        do {
            body = try DLMSData(decoding: &reader)
            guard !reader.isAtEnd, let found = Self.deviatingBody(&ahead, accepted) else { return }
            body = found.value
            deviations.formUnion(found.deviations)
        } catch {
            guard let found = Self.deviatingBody(&ahead, accepted) else { throw error }
            body = found.value
            deviations.formUnion(found.deviations)
        }
        reader = ahead
    }

    private static func deviatingBody(
        _ reader: inout OctetReader,
        _ accepted: NotificationDeviations
    ) -> DeviatingBody? {
        guard let body = try? DeviatingBody(decoding: &reader, accepting: accepted), reader.isAtEnd else { return nil }
        return body
    }

    /// Writes the APDU with its tag and its deviations.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.dataNotification)
        invoke.encode(into: &writer)
        if deviations.contains(.taggedDateTime) { writer.write(DataTag.octetString.rawValue) }
        writer.writeOctetString(dateTime)
        DeviatingBody.encode(body, with: deviations, into: &writer)
    }
}
