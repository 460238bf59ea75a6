// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Finds out what octets are when nobody said.
///
/// Tags of values and of short-name APDUs are the same numbers, so every layer is tried: the first that uses all octets
/// is taken, else the first that decodes with some left over, unless another layer got further before it failed: then
/// the octets are most likely that layer, cut or damaged.
enum Recognition {
    static func recognise(_ octets: [UInt8]) throws(DecodeProblem) -> Decoded {
        switch octets.first {
        case HDLCFrame.flag: return try Decoded(layer: .hdlc, octets: octets)
        case 0x2F: return try Decoded(layer: .textProtocol, octets: octets)
        default: if let text = text(octets) { return text }
        }
        var best: Decoded?
        var deepest: DecodeProblem?
        let layers: [DecodeLayer] = octets.starts(with: [0, 1]) ? [.wrapper] + inOrder : inOrder
        for layer in layers {
            do {
                let decoded = try Decoded(layer: layer, octets: octets)
                // Any twelve octets are a date-time of some kind; those of the thirtieth month are something else.
                if case .dateTime(let moment) = decoded.value, moment.date.rawMonth > 12, moment.date.rawMonth < 0xFD {
                    continue
                }
                if decoded.trailing == 0 { return decoded }
                if best == nil { best = decoded }
            } catch {
                // A date-time has no tag: how far it got says nothing.
                if layer != .datetime, (error.offset ?? -1) > (deepest?.offset ?? -1) { deepest = error }
            }
        }
        if let best, octets.count - best.trailing >= deepest?.offset ?? 0 { return best }
        throw deepest ?? DecodeProblem(title: "Not recognised", detail: "The octets fit no layer.", offset: 0)
    }

    /// Messages that begin with control characters, which are tags as well: their own layout and check characters
    /// tell them from values and APDUs.
    private static func text(_ octets: [UInt8]) -> Decoded? {
        guard let decoded = try? Decoded(layer: .textProtocol, octets: octets), decoded.trailing == 0,
            case .text(let text) = decoded.value, text.isConvincing
        else { return nil }
        return decoded
    }

    /// Decodes octets that are known to be an APDU.
    static func recogniseAPDU(_ octets: [UInt8]) throws(DecodeProblem) -> Decoded {
        let layer = octets.first.map(Decoded.layer(ofTag:))
        return try Decoded(layer: layer == .acse ? .acse : .xdlms, octets: octets)
    }

    private static let inOrder: [DecodeLayer] = [.acse, .xdlms, .data, .datetime]
}
