// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// An attribute value a server sends unasked (IEC 62056-5-3, EVENT-NOTIFICATION-Request, tag C2).
///
/// The time is sent as an octet string with its length. Some peers leave the length octet out, which is accepted.
public struct EventNotification: Hashable, Sendable {
    /// When it happened.
    public var time: COSEMDateTime?
    /// Which attribute is sent.
    public var descriptor: AttributeDescriptor
    /// Its value.
    public var value: DLMSData

    /// Makes a notification.
    public init(time: COSEMDateTime?, descriptor: AttributeDescriptor, value: DLMSData) {
        self.time = time
        self.descriptor = descriptor
        self.value = value
    }
}

extension EventNotification: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.eventNotificationRequest, "event-notification-request")
        if try reader.readPresence("time") {
            // A year cannot begin with 0C, so the octet is the length.
            if reader.peek() == 12 { _ = try reader.readLength("time") }
            time = try COSEMDateTime(decoding: &reader)
        } else {
            time = nil
        }
        descriptor = try AttributeDescriptor(decoding: &reader)
        value = try DLMSData(decoding: &reader)
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.eventNotificationRequest)
        writer.write(time != nil)
        if let time { writer.writeOctetString(time.octets) }
        descriptor.encode(into: &writer)
        value.encode(into: &writer)
    }
}
