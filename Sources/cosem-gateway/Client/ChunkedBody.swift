// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A body that was sent in chunks (RFC 9112, 7.1).
enum ChunkedBody {
    /// The octets of all chunks; nil when the last one is missing.
    static func octets(of sent: ArraySlice<UInt8>) -> [UInt8]? {
        var rest = sent
        var body: [UInt8] = []
        while let end = rest.firstIndex(of: 0x0A) {
            let size = String(decoding: rest[..<end], as: UTF8.self).prefix(while: \.isHexDigit)
            guard let count = Int(size, radix: 16) else { return nil }
            if count == 0 { return body }
            rest = rest[(end + 1)...]
            guard rest.count >= count + 2 else { return nil }
            body += rest.prefix(count)
            rest = rest.dropFirst(count + 2)
        }
        return nil
    }
}
