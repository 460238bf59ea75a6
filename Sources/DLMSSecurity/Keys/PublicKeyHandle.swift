// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL

/// A key of OpenSSL, freed with the last reference.
///
/// Sendable: the pointer never changes, and OpenSSL allows any number of threads to use a key that nobody modifies;
/// nothing here modifies one after it was made.
final class PublicKeyHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit { EVP_PKEY_free(pointer) }

    /// Makes a key of an uncompressed point, and of a private number for a pair; nil when they do not fit the curve.
    init?(curve: EllipticCurve, point: [UInt8], privateNumber: Secret?) {
        guard let builder = OSSL_PARAM_BLD_new() else { return nil }
        defer { OSSL_PARAM_BLD_free(builder) }
        var number: OpaquePointer?
        defer { BN_clear_free(number) }
        if let privateNumber {
            number = privateNumber.withExposedOctets { octets in
                BN_bin2bn(octets.octets, Int32(clamping: octets.count), nil)
            }
            guard number != nil, OSSL_PARAM_BLD_push_BN(builder, PARAMETER_NAME_PRIVATE_KEY, number) == 1 else {
                return nil
            }
        }
        // The builder keeps references to what is pushed until it makes the parameters.
        let parameters = curve.groupName.withCString { groupName in
            point.withUnsafeBytes { point -> UnsafeMutablePointer<OSSL_PARAM>? in
                guard
                    OSSL_PARAM_BLD_push_utf8_string(builder, PARAMETER_NAME_GROUP, groupName, 0) == 1,
                    OSSL_PARAM_BLD_push_octet_string(
                        builder,
                        PARAMETER_NAME_PUBLIC_KEY,
                        point.baseAddress,
                        point.count
                    ) == 1
                else { return nil }
                return OSSL_PARAM_BLD_to_param(builder)
            }
        }
        guard let parameters else { return nil }
        defer { OSSL_PARAM_free(parameters) }
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard
            EVP_PKEY_fromdata_init(context) == 1,
            EVP_PKEY_fromdata(
                context,
                &key,
                privateNumber == nil ? EVP_PKEY_SELECT_PUBLIC_KEY : EVP_PKEY_SELECT_KEYPAIR,
                parameters
            ) == 1,
            let key
        else { return nil }
        pointer = key
    }

    /// The curve of the key; nil for one of no security suite.
    var curve: EllipticCurve? {
        var name = [CChar](repeating: 0, count: 80)
        var length = 0
        guard EVP_PKEY_get_group_name(pointer, &name, name.count, &length) == 1 else { return nil }
        let number = OBJ_txt2nid(name)
        return EllipticCurve.allCases.first { $0.groupNumber == number }
    }

    /// X and Y of the public key; nil when it is not of the curve.
    func coordinates(on curve: EllipticCurve) -> [UInt8]? {
        var octets = [UInt8](repeating: 0, count: 2 * curve.coordinateLength)
        let length = Int32(clamping: curve.coordinateLength)
        let isWritten = octets.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return false }
            return write(OSSL_PKEY_PARAM_EC_PUB_X, to: start, length)
                && write(OSSL_PKEY_PARAM_EC_PUB_Y, to: start + curve.coordinateLength, length)
        }
        return isWritten ? octets : nil
    }

    /// Writes a number of the key, padded in front; false when there is none or it is longer.
    private func write(_ name: String, to start: UnsafeMutablePointer<UInt8>, _ length: Int32) -> Bool {
        var number: OpaquePointer?
        defer { BN_free(number) }
        return EVP_PKEY_get_bn_param(pointer, name, &number) == 1 && BN_bn2binpad(number, start, length) == length
    }
}
