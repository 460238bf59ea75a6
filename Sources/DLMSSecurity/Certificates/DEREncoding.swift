// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The DER of values of OpenSSL.
enum DEREncoding {
    /// Certificates and requests of meters have less than 2 kB; longer input is refused before it is looked at.
    static let longest = 65_536

    /// Encodes with one of OpenSSL's `i2d` functions; nil when it fails.
    static func octets(_ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8]? {
        let length = encode(nil)
        guard length > 0 else { return nil }
        var octets = [UInt8](repeating: 0, count: Int(length))
        let written = octets.withUnsafeMutableBufferPointer { buffer in
            var position = buffer.baseAddress
            return encode(&position)
        }
        return written == length ? octets : nil
    }

    /// Decodes with one of OpenSSL's `d2i` functions; nil when it fails or leaves octets over.
    static func value(
        of octets: [UInt8],
        _ decode: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> OpaquePointer?,
        free: (OpaquePointer?) -> Void
    ) -> OpaquePointer? {
        guard octets.count <= longest else { return nil }
        return octets.withUnsafeBufferPointer { buffer in
            var position = buffer.baseAddress
            let value = decode(&position, buffer.count)
            guard let start = buffer.baseAddress, position == start + buffer.count else {
                free(value)
                return nil
            }
            return value
        }
    }
}
