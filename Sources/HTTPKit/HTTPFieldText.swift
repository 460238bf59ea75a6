// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The grammar that header field values share (RFC 9110 §5.6).
enum HTTPFieldText {
    /// One bit for each ASCII character that may stand in a token: the letters, the digits and ``!#$%&'*+-.^_`|~``.
    private static let tokenLow: UInt64 = 0x03FF_6CFA_0000_0000
    private static let tokenHigh: UInt64 = 0x57FF_FFFF_C7FF_FFFE

    /// Whether an octet may stand in a token.
    static func isToken(_ octet: UInt8) -> Bool {
        switch octet >> 6 {
        case 0: tokenLow >> UInt64(octet) & 1 == 1
        case 1: tokenHigh >> UInt64(octet & 63) & 1 == 1
        default: false
        }
    }

    /// Whether a text is a token (RFC 9110 §5.6.2).
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(isToken)
    }

    /// Whether a text holds no control character but the tab (RFC 9110 §5.5).
    static func isFieldValue(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { octets in
            let octets = UnsafeRawBufferPointer(octets)
            var place = 0
            // Eight at a time: the high bit of an octet in `low` is set below 0x20, in `deleted` at 0x7F, and neither is missed.
            while place + 8 <= octets.count {
                let word = octets.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                let low = (word &- 0x2020_2020_2020_2020) & ~word
                let inverse = word ^ 0x7F7F_7F7F_7F7F_7F7F
                let deleted = (inverse &- 0x0101_0101_0101_0101) & ~inverse
                if (low | deleted) & 0x8080_8080_8080_8080 != 0 {
                    guard octets[place..<place + 8].allSatisfy(isFieldOctet) else { return false }
                }
                place += 8
            }
            return octets[place...].allSatisfy(isFieldOctet)
        }
    }

    private static func isFieldOctet(_ octet: UInt8) -> Bool {
        (octet >= 0x20 && octet != 0x7F) || octet == 0x09
    }

    /// The lower-case form of an ASCII letter, any other octet unchanged.
    static func lowercased(_ octet: UInt8) -> UInt8 {
        (0x41...0x5A).contains(octet) ? octet | 0x20 : octet
    }

    /// The non-empty elements between separators that stand outside of quotes, without surrounding space.
    static func elements(_ text: String, separator: UInt8) -> [String] {
        var elements: [String] = []
        var current: [UInt8] = []
        var isQuoted = false
        var isEscaped = false
        func finish() {
            let element = trimmed(String(decoding: current, as: UTF8.self))
            if !element.isEmpty { elements.append(element) }
            current.removeAll(keepingCapacity: true)
        }
        for octet in text.utf8 {
            if octet == separator && !isQuoted {
                finish()
                continue
            }
            current.append(octet)
            if isEscaped {
                isEscaped = false
            } else if octet == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if octet == UInt8(ascii: "\\") && isQuoted {
                isEscaped = true
            }
        }
        finish()
        return elements
    }

    /// The text without spaces and tabs at its ends.
    static func trimmed(_ text: some StringProtocol) -> String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        var rest = Substring(text).drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return String(rest)
    }

    /// The text of a quoted string, or the text itself if it is not quoted.
    static func unquoted(_ text: String) -> String {
        guard text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
        var result = ""
        var isEscaped = false
        for character in text.dropFirst().dropLast() {
            if character == "\\" && !isEscaped {
                isEscaped = true
            } else {
                result.append(character)
                isEscaped = false
            }
        }
        return result
    }
}
