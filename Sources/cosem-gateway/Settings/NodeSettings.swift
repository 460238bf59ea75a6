// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Configuration
import DLMSSecurity
import Fleet
import Glibc
import HTTPForwarding

/// Who this gateway is among those that share its database.
struct NodeSettings: Sendable {
    /// Its name; no other gateway on the database has it.
    let name: String
    /// Where the others reach its API.
    let address: String
    /// A PEM file with the authorities of the others' certificates; nil = those of the system.
    let authorityFile: String?
    /// Seconds for which it is believed to be alive without being heard of.
    let leaseSeconds: Int

    /// Resolves the settings.
    ///
    /// - Throws: `SettingsError`.
    init(_ reader: ConfigReader, listen: ListenAddress) throws {
        let host = Self.hostName
        name = reader.string(forKey: "node.name", default: host)
        guard Identifier<NodeRecord>(name) != nil else {
            throw SettingsError.invalid(
                option: "node",
                value: name,
                hint: "write 1 to 64 letters, digits, dots, hyphens or underscores, another name for each gateway"
            )
        }
        // A gateway that speaks TLS speaks nothing else on its port.
        let isSecure = reader.string(forKey: "tls.certificate") != nil
        let isEverywhere = listen.host == "0.0.0.0" || listen.host == "::"
        let usual = ListenAddress(host: isEverywhere ? host : listen.host, port: listen.port)
        address = reader.string(forKey: "node.address", default: "\(isSecure ? "https" : "http")://\(usual)")
        // Without a setting the port may be one that is not known yet.
        let isTold = reader.string(forKey: "node.address") != nil
        guard !isTold || NIOHTTPForwarder.takes(address) else {
            throw SettingsError.invalid(
                option: "node-address",
                value: address,
                hint: "write http://HOST:PORT or https://HOST:PORT, where the other gateways reach this one"
            )
        }
        // Whole requests, with the keys of callers, would be sent there in clear.
        guard !isSecure || address.hasPrefix("https://") else {
            throw SettingsError.invalid(
                option: "node-address",
                value: address,
                hint: "this gateway has a certificate (tls.certificate) and speaks TLS only: write https://"
            )
        }
        authorityFile = reader.string(forKey: "node.authorityFile")
        if authorityFile != nil { _ = try Self.forwarder(authorityFile: authorityFile) }
        let lease = reader.string(forKey: "node.lease", default: "15")
        guard let seconds = Int(lease), (5...300).contains(seconds) else {
            throw SettingsError.invalid(option: "node-lease", value: lease, hint: "write seconds, 5 to 300")
        }
        leaseSeconds = seconds
    }

    /// The way to the others.
    ///
    /// - Throws: `SettingsError` for authorities that cannot be used.
    func forwarder() throws -> NIOHTTPForwarder { try Self.forwarder(authorityFile: authorityFile) }

    private static func forwarder(authorityFile: String?) throws -> NIOHTTPForwarder {
        do throws(TLSFault) {
            return try NIOHTTPForwarder(authorityFile: authorityFile)
        } catch {
            throw SettingsError.invalid(
                option: "node-authority-file",
                value: authorityFile ?? "",
                hint: "there are no certificates in it that can be read; write PEM"
            )
        }
    }

    private static var hostName: String {
        var octets = [CChar](repeating: 0, count: 256)
        guard gethostname(&octets, octets.count - 1) == 0 else { return "gateway" }
        let name = octets.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return name.isEmpty ? "gateway" : String(decoding: name, as: UTF8.self)
    }
}
