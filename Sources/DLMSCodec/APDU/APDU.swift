// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Any application protocol data unit of DLMS/COSEM (IEC 62056-5-3, COSEMpdu and ACSE-APDU).
public enum APDU: Hashable, Sendable {
    /// 60.
    case aarq(AARQ)
    /// 61.
    case aare(AARE)
    /// 62.
    case rlrq(RLRQ)
    /// 63.
    case rlre(RLRE)
    /// 01.
    case initiateRequest(InitiateRequest)
    /// 08.
    case initiateResponse(InitiateResponse)
    /// C0.
    case getRequest(GetRequest)
    /// C4.
    case getResponse(GetResponse)
    /// C1.
    case setRequest(SetRequest)
    /// C5.
    case setResponse(SetResponse)
    /// C3.
    case actionRequest(ActionRequest)
    /// C7.
    case actionResponse(ActionResponse)
    /// C2.
    case eventNotification(EventNotification)
    /// 05.
    case readRequest(ReadRequest)
    /// 0C.
    case readResponse(ReadResponse)
    /// 06 and 16.
    case writeRequest(WriteRequest)
    /// 0D.
    case writeResponse(WriteResponse)
    /// 18.
    case informationReport(InformationReport)
    /// 0E.
    case confirmedServiceError(ConfirmedServiceError)
    /// D8.
    case exceptionResponse(ExceptionResponse)
    /// 0F.
    case dataNotification(DataNotification)
    /// 10.
    case dataNotificationConfirm(DataNotificationConfirm)
    /// D9.
    case accessRequest(AccessRequest)
    /// DA.
    case accessResponse(AccessResponse)
    /// E0.
    case generalBlockTransfer(GeneralBlockTransfer)
    /// 21 to 58 and C8 to D7: protected with the global or dedicated key.
    case ciphered(CipheredAPDU)
    /// DB and DC.
    case generalKeyCiphering(GeneralKeyCiphering)
    /// DD.
    case generalCiphering(GeneralCiphering)
    /// DF.
    case generalSigning(GeneralSigning)
    /// E6 and E7.
    case gateway(GatewayPrefix)

    /// Reads an APDU and hands back what lies behind it.
    ///
    /// Some meters send octets behind the value of a GET response; a caller that accepts them uses this.
    /// - Throws: `DecodeError`.
    public static func decodingPrefix(
        of octets: ArraySlice<UInt8>
    ) throws(DecodeError) -> (apdu: APDU, trailing: ArraySlice<UInt8>) {
        var reader = OctetReader(octets)
        let apdu = try APDU(decoding: &reader)
        return (apdu, reader.rest)
    }
}

extension APDU: OctetCodable {
    /// Reads the APDU its tag names.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        guard let tag = reader.peek() else {
            throw DecodeError(.truncated(needed: 1, remaining: 0), at: reader.offset, what: "APDU tag")
        }
        switch tag {
        case APDUTag.aarq: self = .aarq(try AARQ(decoding: &reader))
        case APDUTag.aare: self = .aare(try AARE(decoding: &reader))
        case APDUTag.rlrq: self = .rlrq(try RLRQ(decoding: &reader))
        case APDUTag.rlre: self = .rlre(try RLRE(decoding: &reader))
        case APDUTag.initiateRequest: self = .initiateRequest(try InitiateRequest(decoding: &reader))
        case APDUTag.initiateResponse: self = .initiateResponse(try InitiateResponse(decoding: &reader))
        case APDUTag.getRequest: self = .getRequest(try GetRequest(decoding: &reader))
        case APDUTag.getResponse: self = .getResponse(try GetResponse(decoding: &reader))
        case APDUTag.setRequest: self = .setRequest(try SetRequest(decoding: &reader))
        case APDUTag.setResponse: self = .setResponse(try SetResponse(decoding: &reader))
        case APDUTag.actionRequest: self = .actionRequest(try ActionRequest(decoding: &reader))
        case APDUTag.actionResponse: self = .actionResponse(try ActionResponse(decoding: &reader))
        case APDUTag.eventNotificationRequest: self = .eventNotification(try EventNotification(decoding: &reader))
        case APDUTag.readRequest: self = .readRequest(try ReadRequest(decoding: &reader))
        case APDUTag.readResponse: self = .readResponse(try ReadResponse(decoding: &reader))
        case APDUTag.writeRequest, APDUTag.unconfirmedWriteRequest:
            self = .writeRequest(try WriteRequest(decoding: &reader))
        case APDUTag.writeResponse: self = .writeResponse(try WriteResponse(decoding: &reader))
        case APDUTag.informationReportRequest: self = .informationReport(try InformationReport(decoding: &reader))
        case APDUTag.confirmedServiceError:
            self = .confirmedServiceError(try ConfirmedServiceError(decoding: &reader))
        case APDUTag.exceptionResponse: self = .exceptionResponse(try ExceptionResponse(decoding: &reader))
        case APDUTag.dataNotification: self = .dataNotification(try DataNotification(decoding: &reader))
        case APDUTag.dataNotificationConfirm:
            self = .dataNotificationConfirm(try DataNotificationConfirm(decoding: &reader))
        case APDUTag.accessRequest: self = .accessRequest(try AccessRequest(decoding: &reader))
        case APDUTag.accessResponse: self = .accessResponse(try AccessResponse(decoding: &reader))
        case APDUTag.generalBlockTransfer:
            self = .generalBlockTransfer(try GeneralBlockTransfer(decoding: &reader))
        case APDUTag.generalGloCiphering, APDUTag.generalDedCiphering:
            self = .generalKeyCiphering(try GeneralKeyCiphering(decoding: &reader))
        case APDUTag.generalCiphering: self = .generalCiphering(try GeneralCiphering(decoding: &reader))
        case APDUTag.generalSigning: self = .generalSigning(try GeneralSigning(decoding: &reader))
        case APDUTag.gatewayRequest, APDUTag.gatewayResponse: self = .gateway(try GatewayPrefix(decoding: &reader))
        default:
            guard CipheredAPDU.isCiphered(tag: tag) else {
                throw DecodeError(.unknownTag(tag), at: reader.offset, what: "APDU tag")
            }
            self = .ciphered(try CipheredAPDU(decoding: &reader))
        }
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        switch self {
        case .aarq(let apdu): apdu.encode(into: &writer)
        case .aare(let apdu): apdu.encode(into: &writer)
        case .rlrq(let apdu): apdu.encode(into: &writer)
        case .rlre(let apdu): apdu.encode(into: &writer)
        case .initiateRequest(let apdu): apdu.encode(into: &writer)
        case .initiateResponse(let apdu): apdu.encode(into: &writer)
        case .getRequest(let apdu): apdu.encode(into: &writer)
        case .getResponse(let apdu): apdu.encode(into: &writer)
        case .setRequest(let apdu): apdu.encode(into: &writer)
        case .setResponse(let apdu): apdu.encode(into: &writer)
        case .actionRequest(let apdu): apdu.encode(into: &writer)
        case .actionResponse(let apdu): apdu.encode(into: &writer)
        case .eventNotification(let apdu): apdu.encode(into: &writer)
        case .readRequest(let apdu): apdu.encode(into: &writer)
        case .readResponse(let apdu): apdu.encode(into: &writer)
        case .writeRequest(let apdu): apdu.encode(into: &writer)
        case .writeResponse(let apdu): apdu.encode(into: &writer)
        case .informationReport(let apdu): apdu.encode(into: &writer)
        case .confirmedServiceError(let apdu): apdu.encode(into: &writer)
        case .exceptionResponse(let apdu): apdu.encode(into: &writer)
        case .dataNotification(let apdu): apdu.encode(into: &writer)
        case .dataNotificationConfirm(let apdu): apdu.encode(into: &writer)
        case .accessRequest(let apdu): apdu.encode(into: &writer)
        case .accessResponse(let apdu): apdu.encode(into: &writer)
        case .generalBlockTransfer(let apdu): apdu.encode(into: &writer)
        case .ciphered(let apdu): apdu.encode(into: &writer)
        case .generalKeyCiphering(let apdu): apdu.encode(into: &writer)
        case .generalCiphering(let apdu): apdu.encode(into: &writer)
        case .generalSigning(let apdu): apdu.encode(into: &writer)
        case .gateway(let apdu): apdu.encode(into: &writer)
        }
    }
}
