// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc
import Testing

/// Gives a port on loopback that is taken, so that nobody else gets it, but on which nobody listens.
func withHeldPort(_ body: (Int) async throws -> Void) async throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutableBytes(of: &address) { octets in
        guard let address = octets.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
        return bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
    }
    try #require(isBound)
    try await body(Int(UInt16(bigEndian: address.sin_port)))
}
