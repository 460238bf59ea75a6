// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A client ends an association (IEC 62056-5-3, RLRQ, tag 62).
///
/// Both fields may be missing; 62 00 is a whole RLRQ.
public struct RLRQ: Hashable, Sendable {
    /// Why: 0 normal, 1 urgent, 30 user defined (tag 80).
    public var reason: UInt8?
    /// An InitiateRequest, ciphered in a ciphered association (tag BE).
    public var userInformation: [UInt8]?
    /// Fields that are not understood.
    public var otherFields: [BERElement]

    /// Makes the APDU.
    public init(reason: UInt8? = 0, userInformation: [UInt8]? = nil) {
        self.reason = reason
        self.userInformation = userInformation
        otherFields = []
    }
}

extension RLRQ: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        var fields = try ACSEFields(tag: APDUTag.rlrq, from: &reader, "rlrq")
        if let content = fields.primitive(0x80) {
            reason = try fields.integer(content)
        } else {
            reason = nil
        }
        userInformation = fields.inner(0xBE, 0x04)
        otherFields = fields.others
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        let fields: [BERElement?] = [
            .primitive(0x80, reason.map { [$0] }),
            .wrapping(0xBE, 0x04, userInformation),
        ]
        writer.writeACSE(tag: APDUTag.rlrq, fields + otherFields)
    }
}
