// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL
import DLMSCodec

/// The name of the subject or issuer of a certificate.
public struct CertificateName: Hashable, Sendable {
    /// The name as text, such as `CN=4D4D4D0000BC614E`; the form of RFC 2253.
    public let text: String
    /// The common name; nil when there is none or several.
    public let commonName: String?
    /// The name in DER, as it stands in the certificates attribute of class 64 and identifies an issuer.
    public let der: [UInt8]

    /// The system title, when the common name is its 16 hexadecimal digits, as DLMS has it; 8 octets.
    public var systemTitle: [UInt8]? {
        guard let commonName, commonName.utf8.count == 16 else { return nil }
        return Hexadecimal.octets(of: commonName)
    }

    /// Copies a name of OpenSSL; nil when it cannot be encoded.
    init?(_ name: OpaquePointer?) {
        guard let name, let der = DEREncoding.octets({ i2d_X509_NAME(name, $0) }) else { return nil }
        self.der = der
        text = Self.text(of: name)
        let first = X509_NAME_get_index_by_NID(name, NID_commonName, -1)
        let isOnly = first >= 0 && X509_NAME_get_index_by_NID(name, NID_commonName, first) < 0
        commonName = isOnly ? Self.value(at: first, of: name) : nil
    }

    /// Reads a name; nil for anything but DER of one.
    public init?(der: [UInt8]) {
        let name = DEREncoding.value(of: der, { d2i_X509_NAME(nil, $0, $1) }, free: X509_NAME_free)
        guard let name else { return nil }
        defer { X509_NAME_free(name) }
        self.init(name)
    }

    /// Appends a common name to a name of OpenSSL.
    static func append(commonName: String, to name: OpaquePointer?) -> Bool {
        let octets = Array(commonName.utf8)
        let length = Int32(clamping: octets.count)
        return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, octets, length, -1, 0) == 1
    }

    private static func value(at index: Int32, of name: OpaquePointer) -> String? {
        guard let data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)) else { return nil }
        var start: UnsafeMutablePointer<UInt8>?
        let length = ASN1_STRING_to_UTF8(&start, data)
        guard length >= 0, let start else { return nil }
        defer { CRYPTO_free(start, nil, 0) }
        return String(decoding: UnsafeBufferPointer(start: start, count: Int(length)), as: UTF8.self)
    }

    private static func text(of name: OpaquePointer) -> String {
        guard let sink = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(sink) }
        guard X509_NAME_print_ex(sink, name, 0, NAME_FORM_RFC2253) >= 0 else { return "" }
        var octets = [UInt8](repeating: 0, count: 4096)
        let length = BIO_read(sink, &octets, Int32(clamping: octets.count))
        return String(decoding: octets.prefix(max(0, Int(length))), as: UTF8.self)
    }
}
