// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Files
import Glibc

/// Where the keys of an issuer are read from.
public protocol IssuerKeySource: Sendable {
    /// The JWK set (RFC 7517 §5) as it is now.
    func read() async throws(IssuerKeyFault) -> [UInt8]
}

/// Why the keys of an issuer cannot be had.
public struct IssuerKeyFault: Error, Hashable, Sendable {
    /// The reason, for the log.
    public let reason: String

    /// Makes a fault.
    public init(reason: String) { self.reason = reason }
}

/// Keys in a file.
public struct IssuerKeyFile: IssuerKeySource {
    private let name: String

    /// Reads a file of at most 1 MiB.
    public init(_ name: String) { self.name = name }

    /// The file as it is now.
    ///
    /// - Throws: ``IssuerKeyFault`` for a file that cannot be read or is too long.
    public func read() async throws(IssuerKeyFault) -> [UInt8] {
        guard let octets = WholeFile.read(name) else { throw IssuerKeyFault(reason: String(cString: strerror(errno))) }
        return octets
    }
}
