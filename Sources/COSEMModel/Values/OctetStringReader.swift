// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

/// Reads octets written as `{"text":…}`, `{"hex":…}` or `{"base64":…}`.
enum OctetStringReader {
    static let members: Set<String> = ["text", "hex", "base64"]

    /// The octets; nil if the object has none of the three members.
    static func octets(of object: JSONObject, at pointer: JSONPointer) throws(ValueError) -> [UInt8]? {
        var found: [UInt8]?
        for member in object.members where members.contains(member.name) && !member.value.isNull {
            let place = pointer.appending(member.name)
            guard let text = member.value.string else {
                throw .typeMismatch(at: place, expected: "a string", found: member.value.kindInWords)
            }
            let octets: [UInt8]?
            switch member.name {
            case "hex": octets = Hexadecimal.octets(of: text)
            case "base64": octets = base64(text)
            default: octets = Array(text.utf8)
            }
            guard let octets else {
                let digits = member.name == "hex" ? "hexadecimal digits, two an octet" : "base64"
                throw .malformed(at: place, reason: "is not \(digits)")
            }
            // A value that was read carries its text beside the hex, without the zeros that pad it.
            if member.name == "text", let hex = found, PrintableText.ascii(hex) == text { continue }
            guard found == nil || found == octets else {
                throw .malformed(at: place, reason: "disagrees with another member; send one of them")
            }
            found = octets
        }
        return found
    }

    /// RFC 4648 §4, padding optional; nil for anything else.
    static func base64(_ text: String) -> [UInt8]? {
        var octets: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        var digits = text.utf8[...]
        while digits.last == UInt8(ascii: "=") { digits.removeLast() }
        for digit in digits {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = digit - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = digit - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                octets.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        let padding = text.utf8.count - digits.count
        guard count < 6, bits & ((1 << UInt32(count)) - 1) == 0, padding == 0 || text.utf8.count % 4 == 0 else {
            return nil
        }
        return octets
    }
}
