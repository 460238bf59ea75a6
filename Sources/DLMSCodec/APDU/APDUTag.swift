// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The tag octets of the APDUs (Green Book, COSEMpdu).
///
/// | service | plain | with global key | with dedicated key |
/// |---|---|---|---|
/// | initiate, short-name services, confirmed service error | 01-18 | + 20 | + 40 |
/// | logical-name services | C0-C7 | + 08 | + 10 |
///
/// The others have one tag each; they are protected by general ciphering.
public enum APDUTag {
    static let initiateRequest: UInt8 = 0x01
    static let readRequest: UInt8 = 0x05
    static let writeRequest: UInt8 = 0x06
    static let initiateResponse: UInt8 = 0x08
    static let readResponse: UInt8 = 0x0C
    static let writeResponse: UInt8 = 0x0D
    static let confirmedServiceError: UInt8 = 0x0E
    static let dataNotification: UInt8 = 0x0F
    static let dataNotificationConfirm: UInt8 = 0x10
    static let unconfirmedWriteRequest: UInt8 = 0x16
    static let informationReportRequest: UInt8 = 0x18
    static let aarq: UInt8 = 0x60
    static let aare: UInt8 = 0x61
    static let rlrq: UInt8 = 0x62
    static let rlre: UInt8 = 0x63
    static let getRequest: UInt8 = 0xC0
    static let setRequest: UInt8 = 0xC1
    static let eventNotificationRequest: UInt8 = 0xC2
    static let actionRequest: UInt8 = 0xC3
    static let getResponse: UInt8 = 0xC4
    static let setResponse: UInt8 = 0xC5
    static let actionResponse: UInt8 = 0xC7
    static let exceptionResponse: UInt8 = 0xD8
    static let accessRequest: UInt8 = 0xD9
    static let accessResponse: UInt8 = 0xDA
    static let generalGloCiphering: UInt8 = 0xDB
    static let generalDedCiphering: UInt8 = 0xDC
    static let generalCiphering: UInt8 = 0xDD
    static let generalSigning: UInt8 = 0xDF
    static let generalBlockTransfer: UInt8 = 0xE0
    static let gatewayRequest: UInt8 = 0xE6
    static let gatewayResponse: UInt8 = 0xE7

    /// The standard's name of the service with a plain tag that has ciphered variants, such as `get-request`.
    static func cipherableName(_ plain: UInt8) -> String? {
        switch plain {
        case initiateRequest: "initiate-request"
        case readRequest: "read-request"
        case writeRequest: "write-request"
        case initiateResponse: "initiate-response"
        case readResponse: "read-response"
        case writeResponse: "write-response"
        case confirmedServiceError: "confirmed-service-error"
        case unconfirmedWriteRequest: "unconfirmed-write-request"
        case informationReportRequest: "information-report-request"
        case getRequest: "get-request"
        case setRequest: "set-request"
        case eventNotificationRequest: "event-notification-request"
        case actionRequest: "action-request"
        case getResponse: "get-response"
        case setResponse: "set-response"
        case actionResponse: "action-response"
        default: nil
        }
    }
}

extension OctetReader {
    /// Reads the tag octet of an APDU that must be the given one.
    ///
    /// - Throws: `.truncated`, `.unknownTag`.
    mutating func expectTag(_ tag: UInt8, _ what: StaticString) throws(DecodeError) {
        let start = offset
        let found = try readUInt8(what)
        guard found == tag else { throw DecodeError(.unknownTag(found), at: start, what: what.description) }
    }

    /// The error for an alternative number that was just read and is not known.
    func unknownChoice(_ choice: UInt8, _ what: StaticString) -> DecodeError {
        DecodeError(.unknownChoice(choice), at: offset - 1, what: what.description)
    }
}
