// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

extension TreeWriter {
    /// Writes one frame as an object, several as a list.
    mutating func write(_ input: HDLCInput) {
        writeOneOrList(input.frames) { $0.write($1) }
    }

    private mutating func write(_ frame: HDLCFrame) {
        object { tree in
            tree.json.member("frame", "hdlc")
            tree.json.member("length", frame.length)
            tree.json.member("segmentation", frame.isSegmented)
            tree.address("destination", frame.destination)
            tree.address("source", frame.source)
            tree.control(frame.control)
            tree.octets("fcs", [frame.frameCheckSequence].lowOctetFirst)
            guard let check = frame.headerCheckSequence else { return }
            tree.octets("hcs", [check].lowOctetFirst)
            tree.octets("information", frame.information)
            tree.meaning(of: frame)
        }
    }

    private mutating func control(_ control: HDLCControl) {
        octets("control", [control.octet])
        json.member("poll_final", control.isPollOrFinal)
        json.member("type", control.name)
        if let number = control.sendSequenceNumber { json.member("ns", number.value) }
        if let number = control.receiveSequenceNumber { json.member("nr", number.value) }
    }

    private mutating func address(_ name: StaticString, _ address: HDLCAddress) {
        object(name) { tree in
            tree.json.member("length", address.width.rawValue)
            tree.json.member("upper", address.upper)
            if let lower = address.lowerIfPresent { tree.json.member("lower", lower) }
        }
    }

    /// Writes what the information field means: parameters of the link, or an APDU behind its header.
    private mutating func meaning(of frame: HDLCFrame) {
        switch frame.control.kind {
        case .setNormalResponseMode, .unnumberedAcknowledge:
            guard let block = try? HDLCParameterBlock(octets: frame.information) else { return }
            object("parameters") { tree in
                tree.json.member("max_info_tx", block.limits.informationTransmit)
                tree.json.member("max_info_rx", block.limits.informationReceive)
                tree.json.member("window_tx", block.limits.windowTransmit)
                tree.json.member("window_rx", block.limits.windowReceive)
                tree.optionalOctets("user_data", block.userData)
            }
        case .information, .unnumberedInformation:
            guard let header = LLCHeader(startOf: frame.information) else { return }
            json.member("llc", header == .command ? "command" : "response")
            octets("apdu", frame.information.dropFirst(LLCHeader.length))
        case .receiveReady, .receiveNotReady, .disconnect, .disconnectedMode, .frameReject, .unsupported: break
        }
    }

    /// Writes the member `messages`: the APDUs inside of frames, each with its tree or why it has none.
    mutating func messages(_ messages: [CarriedMessage], _ keys: DecipheringKeys?) {
        guard !messages.isEmpty else { return }
        list("messages", messages) { tree, message in
            tree.object { tree in
                tree.octets("apdu", message.octets)
                if !message.blockNumbers.isEmpty {
                    tree.list("from_blocks", message.blockNumbers) { $0.json.integer($1) }
                }
                do throws(DecodeProblem) {
                    let decoded = try Recognition.recogniseAPDU(message.octets)
                    tree.json.member("layer", decoded.layer.rawValue)
                    tree.json.name("decoded")
                    tree.write(decoded.value)
                    if decoded.trailing > 0 { tree.octets("trailing", message.octets.suffix(decoded.trailing)) }
                    if let keys, let part = ProtectedPart.find(in: decoded.value) {
                        try tree.plaintext(of: part.opened(with: keys))
                    }
                } catch {
                    tree.problem(error)
                }
            }
        }
    }
}

extension [UInt16] {
    /// Check sequences as they are on the wire.
    fileprivate var lowOctetFirst: [UInt8] {
        flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    }
}
