// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Octets taken for a layer, decoded.
struct Decoded {
    /// What the octets are.
    enum Value {
        case data(DLMSData)
        case dateTime(COSEMDateTime)
        case apdu(APDU)
        case wrapper(WrapperFrame)
    }

    /// The layer they were taken for.
    var layer: DecodeLayer
    /// What they are.
    var value: Value
    /// How many octets are left over behind it.
    var trailing: Int

    /// Decodes octets as one layer.
    init(layer: DecodeLayer, octets: [UInt8]) throws(DecodeProblem) {
        self.layer = layer
        do {
            var reader = OctetReader(octets)
            switch layer {
            case .data: value = .data(try DLMSData(decoding: &reader))
            case .datetime: value = .dateTime(try COSEMDateTime(decoding: &reader))
            case .wrapper: value = .wrapper(try WrapperFrame(decoding: &reader))
            case .acse, .xdlms, .cipher:
                let apdu = try APDU(decoding: &reader)
                guard apdu.belongs(to: layer) else {
                    throw DecodeError(.unknownTag(octets.first ?? 0), at: 0, what: "APDU of layer \(layer.rawValue)")
                }
                value = .apdu(apdu)
            case .auto, .hdlc, .textProtocol: throw DecodeProblem.unsupported(layer)
            }
            trailing = reader.remaining
        } catch let error as DecodeError {
            throw DecodeProblem(error, layer: layer)
        } catch let problem as DecodeProblem {
            throw problem
        } catch {
            throw DecodeProblem(title: "Not decoded", detail: "The octets could not be decoded.")
        }
    }

    /// The encoding of the value.
    var reencoded: [UInt8] {
        switch value {
        case .data(let value): value.octets
        case .dateTime(let value): value.octets
        case .apdu(let value): value.octets
        case .wrapper(let value): value.octets
        }
    }
}

extension APDU {
    /// Whether the APDU is one of a layer.
    fileprivate func belongs(to layer: DecodeLayer) -> Bool {
        switch self {
        case .aarq, .aare, .rlrq, .rlre: layer == .acse
        case .ciphered, .generalKeyCiphering, .generalCiphering, .generalSigning: layer == .xdlms || layer == .cipher
        case .initiateRequest, .initiateResponse, .getRequest, .getResponse, .setRequest, .setResponse, .actionRequest,
            .actionResponse, .eventNotification, .readRequest, .readResponse, .writeRequest, .writeResponse,
            .informationReport, .confirmedServiceError, .exceptionResponse, .dataNotification,
            .dataNotificationConfirm, .accessRequest, .accessResponse, .generalBlockTransfer, .gateway:
            layer == .xdlms
        }
    }
}
