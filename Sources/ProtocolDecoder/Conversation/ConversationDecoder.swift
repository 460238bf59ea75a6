// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import JSONText

/// Explains what goes over a line to a meter, frame by frame, without showing secrets.
///
/// Octets are taken as they come, however they are split. What was agreed on the way is used for what follows: system
/// titles, and the dedicated key. Passwords and keys are masked where they stand, in the octets and in the tree; in the
/// tree asterisks stand for the octets of a secret (2A where octets are shown as digits). What a client sends and nobody
/// understands is masked as a whole.
///
/// ```swift
/// var decoder = ConversationDecoder(keys: keys)
/// for frame in decoder.push(octets, from: .client) { show(frame) }
/// ```
public struct ConversationDecoder: Sendable {
    /// What is known of the association.
    public var keys: ConversationKeys
    /// Whether frames get an explanation.
    public var explains: Bool

    private var cutters = [ConversationSide.client: FrameCutter(side: .client), .server: FrameCutter(side: .server)]
    private var segments: [ConversationSide: HDLCInformationReassembler] = [:]
    /// Whether the segments on their way may be shown.
    private var showsSegments: [ConversationSide: Bool] = [:]
    private var places = SecretPlaces()
    private var systemTitles: [ConversationSide: [UInt8]] = [:]
    private var dedicatedKey: Secret?

    /// Makes a decoder at the start of a conversation.
    public init(keys: ConversationKeys = ConversationKeys(), explains: Bool = true) {
        self.keys = keys
        self.explains = explains
    }

    /// Takes octets of one side; hands out the frames that are complete with them.
    public mutating func push(_ octets: [UInt8], from side: ConversationSide) -> [ExplainedFrame] {
        cutters[side]?.push(octets)
        return frames(from: side, isOver: false)
    }

    /// Hands out what has begun and will not be completed: the line was closed, fell silent, or has another speed.
    public mutating func flush() -> [ExplainedFrame] {
        ConversationSide.allCases.flatMap { frames(from: $0, isOver: true) }
    }

    /// Masks octets that are not part of the conversation, such as those left over by another.
    public func masked(_ octets: [UInt8], from side: ConversationSide) -> ExplainedFrame {
        var masked = MaskedOctets(octets, hidden: side == .client)
        masked.hide(secrets)
        masked.hide(secrets, mask: 0x7F)
        return ExplainedFrame(side: side, digits: masked.digits, isMasked: masked.hasHidden, explanation: nil)
    }

    private mutating func frames(from side: ConversationSide, isOver: Bool) -> [ExplainedFrame] {
        var frames: [ExplainedFrame] = []
        while let piece = cutters[side]?.next(isOver: isOver) {
            switch piece {
            case .wrapper(let octets): frames.append(wrapper(octets, side))
            case .hdlc(let frame, let octets): frames.append(hdlc(frame, octets, side))
            case .text(let message, let octets): frames.append(text(message, octets, side))
            case .unknown(let octets): frames.append(masked(octets, from: side))
            }
        }
        return frames
    }

    private var secrets: [[UInt8]] {
        keys.secrets.map(\.exposedOctets) + [dedicatedKey].compactMap { $0?.exposedOctets }
    }

    // MARK: Frames

    private mutating func wrapper(_ octets: [UInt8], _ side: ConversationSide) -> ExplainedFrame {
        let (apdu, message) = explain(Array(octets.dropFirst(WrapperFrame.headerLength)), side)
        var masked = MaskedOctets(octets)
        masked.hide(apdu, at: WrapperFrame.headerLength)
        return frame(masked, side, layer: .wrapper, decoded: masked.filled, message)
    }

    private mutating func hdlc(_ frame: HDLCFrame, _ octets: [UInt8], _ side: ConversationSide) -> ExplainedFrame {
        var masked = MaskedOctets(octets)
        var message: [UInt8]?
        if frame.control.carriesAPDU, !frame.information.isEmpty {
            var reassembler = segments[side] ?? HDLCInformationReassembler()
            let isFirst = !reassembler.isOpen
            if isFirst { showsSegments[side] = showsParts(of: frame, side) }
            let whole = try? reassembler.push(frame)
            segments[side] = reassembler
            // Check sequence and closing flag stand behind the information.
            let end = octets.count - 3
            let start = end - frame.information.count
            if let whole {
                let (apdu, explanation) = explain(whole.apdu, side)
                message = explanation
                if isFirst {
                    masked.hide(apdu, at: start + (whole.header == nil ? 0 : LLCHeader.length))
                } else if apdu.hasHidden || showsSegments[side] == false {
                    masked.hide(start..<end)
                }
            } else if showsSegments[side] == false {
                masked.hide(start..<end)
            }
            masked.hide(secrets)
            // The check sequence of a short secret tells half of it.
            if masked.hasHidden { masked.hide(end..<end + 2) }
        }
        var shown = frame
        if masked.hasHidden, let redacted = Self.redacted(frame, masked) { shown = redacted }
        return self.frame(
            masked,
            side,
            layer: .hdlc,
            decoded: [HDLCFrame.flag] + shown.content + [HDLCFrame.flag],
            message
        )
    }

    private func showsParts(of frame: HDLCFrame, _ side: ConversationSide) -> Bool {
        guard side == .client else { return !places.hidesParts }
        let header = LLCHeader(startOf: frame.information)
        let tag = frame.information.dropFirst(header == nil ? 0 : LLCHeader.length).first
        return SecretPlaces.mayShowParts(ofAPDUWithTag: tag)
    }

    private static func redacted(_ frame: HDLCFrame, _ masked: MaskedOctets) -> HDLCFrame? {
        let end = masked.octets.count - 3
        let information = Array(masked.filled[max(end - frame.information.count, 0)..<max(end, 0)])
        return HDLCFrame(
            destination: frame.destination,
            source: frame.source,
            control: frame.control,
            information: information,
            isSegmented: frame.isSegmented
        )
    }

    private func text(_ message: TextMessage, _ octets: [UInt8], _ side: ConversationSide) -> ExplainedFrame {
        var masked = MaskedOctets(octets)
        masked.hide(secrets, mask: 0x7F)
        if case .command(let command) = message, command.isPassword, let data = command.data {
            // SOH, command, type and STX stand in front.
            let parentheses: [UInt8] = [UInt8(ascii: "("), UInt8(ascii: ")")]
            for (index, character) in data.enumerated() where !parentheses.contains(character) {
                masked.hide(4 + index..<5 + index)
            }
        }
        guard masked.hasHidden else { return frame(masked, side, layer: .textProtocol, decoded: octets, nil) }
        let shown = Self.redacted(message, masked)
        // A block check character tells seven bits of what it covers.
        masked.hide(octets.count - 1..<octets.count)
        return frame(masked, side, layer: .textProtocol, decoded: shown?.octets, nil)
    }

    private static func redacted(_ message: TextMessage, _ masked: MaskedOctets) -> TextMessage? {
        let characters = masked.filled.map { $0 & 0x7F }
        switch message {
        case .command(let command):
            guard let data = command.data else { return nil }
            return CommandMessage(
                command.command,
                command.type,
                data: Array(characters.dropFirst(4).prefix(data.count)),
                isPartial: command.isPartial
            ).map { .command($0) }
        case .data(let data):
            let content = Array(characters.dropFirst().prefix(data.content.count))
            return DataMessage(content: content, isPartial: data.isPartial).map { .data($0) }
        default: return nil
        }
    }

    private func frame(
        _ masked: MaskedOctets,
        _ side: ConversationSide,
        layer: DecodeLayer,
        decoded octets: [UInt8]?,
        _ message: [UInt8]?
    ) -> ExplainedFrame {
        var explanation: [UInt8]?
        if explains, let octets, let decoded = try? Decoded(layer: layer, octets: octets) {
            var tree = TreeWriter(reservingCapacity: octets.count * 8 + 256)
            tree.object { tree in
                tree.json.member("layer", decoded.layer.rawValue)
                tree.json.name("decoded")
                tree.write(decoded.value)
                if let message {
                    tree.json.name("message")
                    tree.json.raw(message)
                }
            }
            explanation = tree.json.octets
        }
        return ExplainedFrame(side: side, digits: masked.digits, isMasked: masked.hasHidden, explanation: explanation)
    }

    // MARK: Messages

    /// What an APDU deciphers to.
    private struct Plaintext {
        var octets: MaskedOctets
        /// Whether a tag vouches for it.
        var isVerified: Bool
    }

    /// Masks an APDU, and explains it as a JSON object with what it deciphers to.
    private mutating func explain(_ apdu: [UInt8], _ side: ConversationSide) -> (MaskedOctets, [UInt8]?) {
        let original = try? APDU(octets: apdu)
        if case .aarq(let aarq) = original { begin(aarq) }
        if case .aare(let aare) = original, let title = aare.respondingAPTitle { systemTitles[.server] = title }
        if case .initiateRequest(let request) = original { note(request) }
        var masked = places.mask(apdu, from: side)
        masked.hide(secrets)
        let opened = original.flatMap { open($0, side) }
        guard explains else { return (masked, nil) }
        var tree = TreeWriter(reservingCapacity: apdu.count * 8 + 256)
        tree.object { tree in
            do throws(DecodeProblem) {
                let decoded = try Recognition.recogniseAPDU(masked.filled)
                tree.json.member("layer", decoded.layer.rawValue)
                tree.json.name("decoded")
                tree.write(decoded.value)
            } catch {
                // Places in octets that are not shown help nobody.
                tree.problem(masked.hasHidden ? DecodeProblem(title: error.title, detail: "It is not shown.") : error)
            }
            switch opened {
            case .success(let plain)?:
                tree.json.name("plaintext")
                tree.json.string(utf8: plain.octets.digits)
                if let decoded = try? APDU(octets: plain.octets.filled) {
                    tree.json.name("plaintext_decoded")
                    tree.write(decoded)
                }
                tree.json.member("verified", plain.isVerified)
            case .failure(let problem)?: tree.object("plaintext_problem") { $0.problem(problem) }
            case nil: break
            }
        }
        return (masked, tree.json.octets)
    }

    private mutating func begin(_ aarq: AARQ) {
        dedicatedKey = nil
        systemTitles = [:]
        systemTitles[.client] = aarq.callingAPTitle
        if let information = aarq.userInformation, case .initiateRequest(let request) = try? APDU(octets: information) {
            note(request)
        }
    }

    private mutating func note(_ request: InitiateRequest) {
        dedicatedKey = request.dedicatedKey.map { Secret($0) }
    }

    /// Takes the protection off an APDU and masks what is in it; nil for one without protection.
    private mutating func open(
        _ apdu: APDU,
        _ side: ConversationSide
    ) -> Result<Plaintext, DecodeProblem>? {
        guard let part = ProtectedPart.find(in: .apdu(apdu)) else { return nil }
        guard let key = key(of: apdu) else {
            return .failure(
                DecodeProblem(title: "Not deciphered", detail: "The key of the message is not known here.")
            )
        }
        let title =
            systemTitles[side] ?? (side == .client ? keys.clientSystemTitle : keys.serverSystemTitle)
        do throws(DecodeProblem) {
            let message = try part.opened(
                with: DecipheringKeys(
                    systemTitle: title,
                    blockCipherKey: key,
                    authenticationKey: keys.authenticationKey
                )
            )
            let inner = try? APDU(octets: message.apdu)
            guard inner != nil || message.isVerified else {
                throw DecodeProblem(title: "Not deciphered", detail: "What it deciphers to is no APDU.")
            }
            if case .initiateRequest(let request) = inner { note(request) }
            var plain = places.mask(message.apdu, from: side)
            plain.hide(secrets)
            return .success(Plaintext(octets: plain, isVerified: message.isVerified))
        } catch {
            return .failure(error)
        }
    }

    private func key(of apdu: APDU) -> Secret? {
        switch apdu {
        case .ciphered(let ciphered): return ciphered.key == .dedicated ? dedicatedKey : keys.blockCipherKey
        case .generalKeyCiphering(let ciphered):
            return ciphered.key == .dedicated ? dedicatedKey : keys.blockCipherKey
        case .generalCiphering(let ciphered):
            switch ciphered.keyInformation {
            case nil, .identified?: return keys.blockCipherKey
            case .wrapped?, .agreed?: return nil
            }
        case .gateway(let prefix): return (try? APDU(octets: prefix.apdu)).flatMap { key(of: $0) }
        case .generalSigning(let signed): return (try? APDU(octets: signed.content)).flatMap { key(of: $0) }
        default: return keys.blockCipherKey
        }
    }
}
