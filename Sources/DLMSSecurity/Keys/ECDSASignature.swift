// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL

/// The two forms of a signature: r and s side by side in messages, an ASN.1 SEQUENCE in OpenSSL and certificates.
enum ECDSASignature {
    /// The ASN.1 form of r and s; nil for an odd length.
    static func encoded(_ plain: [UInt8]) -> [UInt8]? {
        guard plain.count.isMultiple(of: 2), !plain.isEmpty, let signature = ECDSA_SIG_new() else { return nil }
        defer { ECDSA_SIG_free(signature) }
        let half = plain.count / 2
        let r = number(plain.prefix(half))
        let s = number(plain.suffix(half))
        guard let r, let s, ECDSA_SIG_set0(signature, r, s) == 1 else {
            BN_free(r)
            BN_free(s)
            return nil
        }
        let length = i2d_ECDSA_SIG(signature, nil)
        guard length > 0 else { return nil }
        var octets = [UInt8](repeating: 0, count: Int(length))
        let written = octets.withUnsafeMutableBufferPointer { buffer in
            var position = buffer.baseAddress
            return i2d_ECDSA_SIG(signature, &position)
        }
        return written == length ? octets : nil
    }

    /// r and s of the ASN.1 form; nil when it is malformed or a number is too long.
    static func plain(_ encoded: ArraySlice<UInt8>, coordinateLength: Int) -> [UInt8]? {
        let signature = encoded.withUnsafeBufferPointer { buffer in
            var position = buffer.baseAddress
            return d2i_ECDSA_SIG(nil, &position, buffer.count)
        }
        guard let signature else { return nil }
        defer { ECDSA_SIG_free(signature) }
        var octets = [UInt8](repeating: 0, count: 2 * coordinateLength)
        let length = Int32(clamping: coordinateLength)
        let isWritten = octets.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return false }
            return BN_bn2binpad(ECDSA_SIG_get0_r(signature), start, length) == length
                && BN_bn2binpad(ECDSA_SIG_get0_s(signature), start + coordinateLength, length) == length
        }
        return isWritten ? octets : nil
    }

    private static func number(_ octets: ArraySlice<UInt8>) -> OpaquePointer? {
        octets.withUnsafeBufferPointer { BN_bin2bn($0.baseAddress, Int32(clamping: $0.count), nil) }
    }
}
