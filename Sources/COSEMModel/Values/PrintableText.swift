// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Octet-strings that hold text.
enum PrintableText {
    /// The text, if every octet is a printable ASCII character; zeros that pad its end are left out.
    static func ascii(_ octets: [UInt8]) -> String? {
        var text = octets[...]
        while text.last == 0 { text.removeLast() }
        guard text.allSatisfy({ (0x20...0x7E).contains($0) }), !text.isEmpty || octets.isEmpty else { return nil }
        return String(decoding: text, as: UTF8.self)
    }
}
