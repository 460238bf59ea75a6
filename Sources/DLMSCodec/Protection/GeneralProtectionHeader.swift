// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Who sent a generally protected APDU to whom and when: five OCTET STRINGs, each may be empty.
public struct GeneralProtectionHeader: Hashable, Sendable {
    /// The transaction.
    public var transactionID: [UInt8]
    /// The system title of the originator.
    public var originatorSystemTitle: [UInt8]
    /// The system title of the recipient.
    public var recipientSystemTitle: [UInt8]
    /// When it was sent.
    public var dateTime: [UInt8]
    /// Anything else.
    public var otherInformation: [UInt8]

    /// Makes a header.
    public init(
        transactionID: [UInt8],
        originatorSystemTitle: [UInt8],
        recipientSystemTitle: [UInt8],
        dateTime: [UInt8] = [],
        otherInformation: [UInt8] = []
    ) {
        self.transactionID = transactionID
        self.originatorSystemTitle = originatorSystemTitle
        self.recipientSystemTitle = recipientSystemTitle
        self.dateTime = dateTime
        self.otherInformation = otherInformation
    }
}

extension GeneralProtectionHeader: OctetCodable {
    /// Reads the five fields.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        transactionID = try reader.readOctetString("transaction-id")
        originatorSystemTitle = try reader.readOctetString("originator-system-title")
        recipientSystemTitle = try reader.readOctetString("recipient-system-title")
        dateTime = try reader.readOctetString("date-time")
        otherInformation = try reader.readOctetString("other-information")
    }

    /// Writes the five fields.
    public func encode(into writer: inout OctetWriter) {
        writer.writeOctetString(transactionID)
        writer.writeOctetString(originatorSystemTitle)
        writer.writeOctetString(recipientSystemTitle)
        writer.writeOctetString(dateTime)
        writer.writeOctetString(otherInformation)
    }
}
