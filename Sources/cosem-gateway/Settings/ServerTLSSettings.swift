// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Configuration
import Glibc
import MicroHTTPServer

/// How HTTP is spoken under TLS.
struct ServerTLSSettings: Sendable {
    /// Certificate, key and the authorities of clients.
    let files: TLSFiles
    /// What was in the files when the settings were read.
    let identity: HTTPServerIdentity
    /// Seconds between looks whether the files were changed; nil never looks.
    let watchSeconds: Int?
    /// For how many seconds browsers are told to use TLS only; nil does not tell them.
    let strictTransportSeconds: Int?

    /// Resolves the settings and reads the files; nil where no certificate is named.
    ///
    /// - Throws: `SettingsError`.
    init?(_ reader: ConfigReader) throws {
        let (certificate, key) = (reader.string(forKey: "tls.certificate"), reader.string(forKey: "tls.key"))
        let authorities = reader.string(forKey: "tls.clientAuthorities")
        guard let certificate, let key else {
            if certificate == nil, key == nil, authorities == nil { return nil }
            throw SettingsError.missing(
                option: certificate == nil ? "tls-certificate" : "tls-key",
                hint: "TLS needs a certificate and its private key"
            )
        }
        files = TLSFiles(certificate: certificate, key: key, clientAuthorities: authorities)
        identity = try files.read()
        let watch = try reader.number("tls.watch", from: 0, default: 60)
        watchSeconds = watch == 0 ? nil : watch
        let strict = try reader.number("tls.strictTransport", from: 0, default: 31_536_000)
        strictTransportSeconds = strict == 0 ? nil : strict
    }
}

/// The files by which TLS is spoken, all PEM.
struct TLSFiles: Hashable, Sendable {
    /// The server's certificate, then those between it and its authority.
    let certificate: String
    /// Its private key.
    let key: String
    /// The authorities of clients; nil asks clients for no certificate.
    let clientAuthorities: String?

    /// Reads the files.
    ///
    /// - Throws: `SettingsError` for one that cannot be read or used.
    func read() throws -> HTTPServerIdentity {
        let chain = try Self.octets(certificate, "tls-certificate")
        let keyOctets = try Self.octets(key, "tls-key")
        let authorities = try clientAuthorities.map { try Self.octets($0, "tls-client-authorities") }
        do throws(HTTPServerIdentityFault) {
            return try HTTPServerIdentity(chain: chain, key: keyOctets, clientAuthorities: authorities)
        } catch {
            throw told(error)
        }
    }

    /// What tells whether a file is another one than before; empty where there is none.
    var stamps: [[Int]] {
        [certificate, key, clientAuthorities].compactMap(\.self).map { name in
            var status = stat()
            guard stat(name, &status) == 0 else { return [] }
            let changed = status.st_mtim
            return [Int(status.st_dev), Int(status.st_ino), Int(status.st_size), changed.tv_sec, changed.tv_nsec]
        }
    }

    private func told(_ fault: HTTPServerIdentityFault) -> SettingsError {
        switch fault {
        case .chainUnreadable:
            .invalid(
                option: "tls-certificate",
                value: certificate,
                hint: "there is no certificate in it; write PEM, the server's own first, then those up to its authority"
            )
        case .keyUnreadable:
            .invalid(option: "tls-key", value: key, hint: "there is no private key in it; write PEM")
        case .keyEncrypted:
            .invalid(
                option: "tls-key",
                value: key,
                hint: "it is protected by a password; take that off with openssl pkey -in OLD -out NEW, and let "
                    + "nobody else read the file"
            )
        case .keyOfAnother:
            .invalid(option: "tls-key", value: key, hint: "it is not the key of the certificate in \(certificate)")
        case .authoritiesUnreadable:
            .invalid(
                option: "tls-client-authorities",
                value: clientAuthorities ?? "",
                hint: "there is no certificate in it; write PEM"
            )
        case .failed:
            .invalid(option: "tls-certificate", value: certificate, hint: "GnuTLS does not take certificate and key")
        }
    }

    private static func octets(_ name: String, _ option: String) throws -> [UInt8] {
        guard let octets = FileOctets.read(name) else {
            throw SettingsError.invalid(
                option: option,
                value: name,
                hint: "it cannot be read (\(String(cString: strerror(errno)))) by the user that the gateway runs as"
            )
        }
        return octets
    }
}
