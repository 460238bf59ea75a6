// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL

/// Certificates and requests as text between BEGIN and END (RFC 7468).
public enum PEMText {
    /// What stands in a text.
    public enum Label: String, Hashable, Sendable {
        /// An X.509 certificate.
        case certificate = "CERTIFICATE"
        /// A request for a certificate (PKCS #10).
        case certificateRequest = "CERTIFICATE REQUEST"
    }

    /// The longest DER that is taken, in octets.
    private static let longest = 1 << 16

    /// The text of octets, in lines of 64 characters.
    public static func text(of der: [UInt8], as label: Label) -> String {
        var encoded = [UInt8](repeating: 0, count: 4 * ((der.count + 2) / 3) + 1)
        let length = Int(EVP_EncodeBlock(&encoded, der, Int32(clamping: der.count)))
        var text = "-----BEGIN \(label.rawValue)-----\n"
        for start in stride(from: 0, to: length, by: 64) {
            text += String(decoding: encoded[start..<min(start + 64, length)], as: UTF8.self) + "\n"
        }
        return text + "-----END \(label.rawValue)-----\n"
    }

    /// The octets of the first block of that label; nil when there is none that can be read.
    public static func octets(of text: String, as label: Label) -> [UInt8]? {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }
        guard let first = lines.firstIndex(where: { $0.hasPrefix("-----BEGIN \(label.rawValue)-----") }),
            let last = lines[first...].firstIndex(where: { $0.hasPrefix("-----END \(label.rawValue)-----") })
        else { return nil }
        let encoded = lines[(first + 1)..<last].flatMap { $0.utf8.filter { $0 > 0x20 } }
        guard !encoded.isEmpty, encoded.count % 4 == 0, encoded.count <= 4 * longest / 3 else { return nil }
        var octets = [UInt8](repeating: 0, count: encoded.count / 4 * 3)
        let length = EVP_DecodeBlock(&octets, encoded, Int32(clamping: encoded.count))
        let padding = encoded.suffix(2).count { $0 == UInt8(ascii: "=") }
        guard Int(length) == octets.count else { return nil }
        return octets.dropLast(padding)
    }
}
