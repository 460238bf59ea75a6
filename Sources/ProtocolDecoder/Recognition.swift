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
        case 0x7E: throw .unsupported(.hdlc)
        case 0x2F: throw .unsupported(.textProtocol)
        default: break
        }
        var best: Decoded?
        var deepest: DecodeProblem?
        let layers: [DecodeLayer] = octets.starts(with: [0, 1]) ? [.wrapper] + inOrder : inOrder
        for layer in layers {
            do {
                let decoded = try Decoded(layer: layer, octets: octets)
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

    private static let inOrder: [DecodeLayer] = [.acse, .xdlms, .data, .datetime]
}
