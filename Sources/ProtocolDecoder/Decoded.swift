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
        case hdlc(HDLCInput)
        case text(TextInput)
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
                if let tag = reader.peek(), layer != Decoded.layer(ofTag: tag), layer != .xdlms || tag.isACSE {
                    throw DecodeError(.unknownTag(tag), at: 0, what: "APDU of layer \(layer.rawValue)")
                }
                value = .apdu(try APDU(decoding: &reader))
            case .hdlc: value = .hdlc(try HDLCInput(decoding: &reader))
            case .textProtocol:
                let text = try TextInput(octets: octets)
                value = .text(text)
                trailing = text.trailing
                return
            case .auto: throw DecodeProblem.layerMissing
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

    /// The narrowest layer of an APDU with a tag: ciphered APDUs are also of the application layer.
    static func layer(ofTag tag: UInt8) -> DecodeLayer {
        switch tag {
        case 0x60...0x63: .acse
        case 0xDB...0xDF: .cipher
        default: CipheredAPDU.isCiphered(tag: tag) ? .cipher : .xdlms
        }
    }

    /// The encoding of the value.
    var reencoded: [UInt8] {
        switch value {
        case .data(let value): value.octets
        case .dateTime(let value): value.octets
        case .apdu(let value): value.octets
        case .wrapper(let value): value.octets
        case .hdlc(let value): value.octets
        case .text(let value): value.octets
        }
    }

    /// The APDUs inside of what was decoded, where they are spread over frames.
    var messages: [CarriedMessage] {
        if case .hdlc(let value) = value { value.messages } else { [] }
    }
}

extension UInt8 {
    /// Whether an APDU with this tag opens or closes an association.
    fileprivate var isACSE: Bool { (0x60...0x63).contains(self) }
}
