// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Where secrets stand in APDUs: knows the places, and follows a transfer in blocks.
///
/// | APDU | hidden |
/// |---|---|
/// | AARQ | the password of low-level security |
/// | InitiateRequest | the dedicated key |
/// | SET, ACCESS | passwords in class 15, PPP, GPRS and SMTP set-up |
/// | ACTION, ACCESS | new secrets and keys in classes 12, 15 and 64 |
/// | GET | answers that hold such attributes |
/// | Write, Read | change of a secret at the current association's short names |
/// | GeneralBlockTransfer | what a client sends |
struct SecretPlaces {
    /// Who sent an APDU.
    typealias Side = ConversationSide

    /// Methods of the current association that take a secret, by short names.
    private static let shortNames: Set<UInt16> = [0xFA40, 0xFA48]

    /// Blocks that the client sends go on with a secret.
    private var hidesBlocks = false
    /// What the meter answers holds a secret.
    private var hidesAnswer = false

    /// Marks what is not to be shown in an APDU that is not ciphered, and takes note of it for those after it.
    mutating func mask(_ octets: [UInt8], from side: Side) -> MaskedOctets {
        guard let apdu = try? APDU.decodingPrefix(of: octets[...]).apdu else {
            // What a client sends and nobody understands may be anything.
            return MaskedOctets(octets, hidden: side == .client)
        }
        var masked = MaskedOctets(octets)
        let low = redacted(apdu, from: side, with: 0x00).octets
        let high = redacted(apdu, from: side, with: 0x7F).octets
        if low != high {
            // The encoding may differ from ours: then the places are not known.
            guard low.count == high.count, low.count <= octets.count else { return MaskedOctets(octets, hidden: true) }
            for index in low.indices {
                if low[index] != high[index] {
                    masked.hide(index..<index + 1)
                } else if low[index] != octets[index] {
                    return MaskedOctets(octets, hidden: true)
                }
            }
        }
        follow(apdu)
        return masked
    }

    /// Whether parts of an APDU of a client may be shown before all of it is there, judged by its first octet.
    static func mayShowParts(ofAPDUWithTag tag: UInt8?) -> Bool {
        guard let tag else { return false }
        // GET requests and what is ciphered.
        return tag == 0xC0 || (0xDB...0xDD).contains(tag) || CipheredAPDU.isCiphered(tag: tag)
    }

    /// Whether the meter is about to answer with a secret.
    var hidesParts: Bool { hidesAnswer }

    private mutating func follow(_ apdu: APDU) {
        switch apdu {
        case .aarq: self = SecretPlaces()
        case .getRequest(.normal(_, let attribute)): hidesAnswer = Self.isSecret(attribute.descriptor)
        case .getRequest(.withList(_, let attributes)):
            hidesAnswer = attributes.contains { Self.isSecret($0.descriptor) }
        case .accessRequest(let request): hidesAnswer = request.specifications.contains { Self.isSecret($0) }
        case .setRequest(.withFirstDataBlock(_, let attribute, _)):
            hidesBlocks = Self.isSecret(attribute.descriptor)
        case .setRequest(.withListAndFirstDataBlock(_, let attributes, _)):
            hidesBlocks = attributes.contains { Self.isSecret($0.descriptor) }
        case .actionRequest(.withFirstBlock(_, let method, _)): hidesBlocks = Self.isSecret(method)
        case .actionRequest(.withListAndFirstBlock(_, let methods, _)):
            hidesBlocks = methods.contains { Self.isSecret($0) }
        case .gateway(let prefix): if let inner = try? APDU(octets: prefix.apdu) { follow(inner) }
        default: break
        }
    }

    // MARK: Places

    private static func isSecret(_ attribute: AttributeDescriptor) -> Bool {
        switch (attribute.classID, attribute.attributeID) {
        case (15, 7), (44, 5), (45, 3), (46, 4): true
        default: false
        }
    }

    private static func isSecret(_ method: MethodDescriptor) -> Bool {
        switch (method.classID, method.methodID) {
        case (12, 5), (12, 6), (15, 2), (64, 2), (64, 3): true
        default: false
        }
    }

    private static func isSecret(_ specification: AccessSpecification) -> Bool {
        switch specification {
        case .get(let attribute), .set(let attribute), .getWithSelection(let attribute, _),
            .setWithSelection(let attribute, _):
            isSecret(attribute)
        case .action(let method): isSecret(method)
        }
    }

    // MARK: Redaction

    private func redacted(_ apdu: APDU, from side: Side, with filler: UInt8) -> APDU {
        switch apdu {
        case .aarq(var aarq):
            if let value = aarq.callingAuthenticationValue, aarq.mechanism?.showsPassword ?? true {
                aarq.callingAuthenticationValue = AuthenticationValue(value.octets.map { _ in filler })
            }
            aarq.userInformation = aarq.userInformation.map { redacted($0, from: side, with: filler) }
            return .aarq(aarq)
        case .initiateRequest(var request):
            request.dedicatedKey = request.dedicatedKey.map { $0.map { _ in filler } }
            return .initiateRequest(request)
        case .setRequest(let request): return .setRequest(redacted(request, filler))
        case .actionRequest(let request): return .actionRequest(redacted(request, filler))
        case .getResponse(let response): return hidesAnswer ? .getResponse(redacted(response, filler)) : apdu
        case .accessRequest(var request):
            for (index, specification) in request.specifications.enumerated()
            where Self.isSecret(specification) && index < request.data.count {
                request.data[index] = request.data[index].filled(with: filler)
            }
            return .accessRequest(request)
        case .accessResponse(var response):
            if hidesAnswer { response.data = response.data.map { $0.filled(with: filler) } }
            return .accessResponse(response)
        case .writeRequest(var request):
            for (index, variable) in request.variables.enumerated() where index < request.data.count {
                guard case .variableName(let name) = variable, !Self.shortNames.contains(name) else {
                    request.data[index] = request.data[index].filled(with: filler)
                    continue
                }
            }
            return .writeRequest(request)
        case .readRequest(var request):
            request.variables = request.variables.map { variable in
                switch variable {
                case .parameterizedAccess(let name, let selector, let parameter) where Self.shortNames.contains(name):
                    .parameterizedAccess(name, selector: selector, parameter: parameter.filled(with: filler))
                case .readDataBlockAccess(let isLast, let number, let data):
                    .readDataBlockAccess(isLast: isLast, blockNumber: number, rawData: data.map { _ in filler })
                default: variable
                }
            }
            return .readRequest(request)
        case .generalBlockTransfer(var transfer):
            if side == .client || hidesAnswer { transfer.blockData = transfer.blockData.map { _ in filler } }
            return .generalBlockTransfer(transfer)
        case .gateway(var prefix):
            prefix.apdu = redacted(prefix.apdu, from: side, with: filler)
            return .gateway(prefix)
        case .generalSigning(var signed):
            signed.content = redacted(signed.content, from: side, with: filler)
            return .generalSigning(signed)
        default: return apdu
        }
    }

    private func redacted(_ octets: [UInt8], from side: Side, with filler: UInt8) -> [UInt8] {
        guard let apdu = try? APDU(octets: octets) else {
            return side == .client ? octets.map { _ in filler } : octets
        }
        return redacted(apdu, from: side, with: filler).octets
    }

    private func redacted(_ request: SetRequest, _ filler: UInt8) -> SetRequest {
        switch request {
        case .normal(let invoke, let attribute, let value) where Self.isSecret(attribute.descriptor):
            .normal(invoke, attribute, value.filled(with: filler))
        case .withFirstDataBlock(let invoke, let attribute, let block) where Self.isSecret(attribute.descriptor):
            .withFirstDataBlock(invoke, attribute, block.filled(with: filler))
        case .withDataBlock(let invoke, let block) where hidesBlocks:
            .withDataBlock(invoke, block.filled(with: filler))
        case .withList(let invoke, let attributes, let values):
            .withList(
                invoke,
                attributes,
                values.enumerated().map { index, value in
                    index < attributes.count && !Self.isSecret(attributes[index].descriptor)
                        ? value : value.filled(with: filler)
                }
            )
        case .withListAndFirstDataBlock(let invoke, let attributes, let block)
        where attributes.contains { Self.isSecret($0.descriptor) }:
            .withListAndFirstDataBlock(invoke, attributes, block.filled(with: filler))
        default: request
        }
    }

    private func redacted(_ request: ActionRequest, _ filler: UInt8) -> ActionRequest {
        switch request {
        case .normal(let invoke, let method, let parameter) where Self.isSecret(method):
            .normal(invoke, method, parameter?.filled(with: filler))
        case .withFirstBlock(let invoke, let method, let block) where Self.isSecret(method):
            .withFirstBlock(invoke, method, block.filled(with: filler))
        case .withBlock(let invoke, let block) where hidesBlocks: .withBlock(invoke, block.filled(with: filler))
        case .withList(let invoke, let methods, let parameters):
            .withList(
                invoke,
                methods,
                parameters.enumerated().map { index, value in
                    index < methods.count && !Self.isSecret(methods[index]) ? value : value.filled(with: filler)
                }
            )
        case .withListAndFirstBlock(let invoke, let methods, let block)
        where methods.contains { Self.isSecret($0) }:
            .withListAndFirstBlock(invoke, methods, block.filled(with: filler))
        default: request
        }
    }

    private func redacted(_ response: GetResponse, _ filler: UInt8) -> GetResponse {
        switch response {
        case .normal(let invoke, .data(let value)): return .normal(invoke, .data(value.filled(with: filler)))
        case .normal: return response
        case .withDataBlock(let invoke, var block):
            if case .octets(let octets) = block.content { block.content = .octets(octets.map { _ in filler }) }
            return .withDataBlock(invoke, block)
        case .withList(let invoke, let results): return .withList(invoke, results.map { $0.filled(with: filler) })
        }
    }
}

extension GetDataResult {
    fileprivate func filled(with filler: UInt8) -> GetDataResult {
        if case .data(let value) = self { .data(value.filled(with: filler)) } else { self }
    }
}

extension AuthenticationMechanism {
    /// Whether the AARQ carries a password and not a challenge.
    fileprivate var showsPassword: Bool { self == .lowest || self == .low || self == .highManufacturer }
}

extension OctetBlock {
    fileprivate func filled(with filler: UInt8) -> OctetBlock {
        OctetBlock(isLast: isLast, number: number, rawData: rawData.map { _ in filler })
    }
}

extension DLMSData {
    /// The value with other contents, of the same length where that can be.
    fileprivate func filled(with filler: UInt8) -> DLMSData {
        switch self {
        case .octetString(let octets): .octetString(octets.map { _ in filler })
        case .visibleString(let octets): .visibleString(octets.map { _ in filler })
        case .utf8String(let octets): .utf8String(octets.map { _ in filler })
        case .array(let items): .array(items.map { $0.filled(with: filler) })
        case .structure(let items): .structure(items.map { $0.filled(with: filler) })
        case .longUnsigned: .longUnsigned(UInt16(filler) << 8 | UInt16(filler))
        case .doubleLongUnsigned: .doubleLongUnsigned(UInt32(filler) * 0x0101_0101)
        // Rare as secrets: all of the message is hidden, because the length is another.
        case .bitString, .compactArray, .long64Unsigned, .long64: .octetString([filler])
        default: self
        }
    }
}
