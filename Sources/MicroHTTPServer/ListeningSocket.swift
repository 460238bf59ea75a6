// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc

/// Sockets that listen on one address and port, one per loop; the kernel spreads new connections over them.
///
/// Connections wait in the kernel until a server answers them.
public struct ListeningSockets: Sendable {
    /// The descriptors, not blocking; each belongs to whoever takes it.
    let descriptors: [Int32]
    /// The port, also if 0 was asked for.
    let port: UInt16

    /// Binds and listens.
    ///
    /// - Throws: ``MicroHTTPServerError`` if the address cannot be listened on.
    public init(host: String, port: UInt16, count: Int) throws(MicroHTTPServerError) {
        let address = try ResolvedAddress(host: host, port: port)
        // A socket that shares its port binds beside another process's that shares it too; one that does not share
        // finds out whether the port is free.
        let probe = try address.bound(sharingPort: false, host: host)
        var open: [Int32] = []
        do throws(MicroHTTPServerError) {
            let bound = try ResolvedAddress(boundTo: probe)
            if count == 1 {
                open.append(probe)
            } else {
                close(probe)
                for _ in 0..<count { open.append(try bound.bound(sharingPort: true, host: host)) }
            }
            for descriptor in open where listen(descriptor, 1024) != 0 {
                throw MicroHTTPServerError.system(call: "listen", code: errno)
            }
            self.port = bound.port
            descriptors = open
        } catch {
            for descriptor in open { close(descriptor) }
            throw error
        }
    }
}

/// A socket address of either family.
private struct ResolvedAddress {
    private var storage = sockaddr_storage()
    private var length: socklen_t

    /// Looks a host up; square brackets around an IPv6 address are dropped.
    init(host: String, port: UInt16) throws(MicroHTTPServerError) {
        let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var results: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, String(port), &hints, &results) == 0, let first = results else {
            throw .unknownHost(host)
        }
        defer { freeaddrinfo(results) }
        length = first.pointee.ai_addrlen
        withUnsafeMutableBytes(of: &storage) { target in
            target.copyMemory(
                from: UnsafeRawBufferPointer(start: first.pointee.ai_addr, count: Int(first.pointee.ai_addrlen))
            )
        }
    }

    /// Asks a socket for its address.
    init(boundTo descriptor: Int32) throws(MicroHTTPServerError) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0 else { throw .system(call: "getsockname", code: errno) }
        self.storage = storage
        self.length = length
    }

    /// The port in host order; it stands at the same place in both families.
    var port: UInt16 {
        withUnsafeBytes(of: storage) { UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) }
    }

    /// A socket bound to this address.
    func bound(sharingPort: Bool, host: String) throws(MicroHTTPServerError) -> Int32 {
        let family = Int32(storage.ss_family)
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { throw .system(call: "socket", code: errno) }
        Self.enable(SO_REUSEADDR, SOL_SOCKET, descriptor)
        if sharingPort { Self.enable(SO_REUSEPORT, SOL_SOCKET, descriptor) }
        if family == AF_INET6 { Self.enable(IPV6_V6ONLY, Int32(IPPROTO_IPV6), descriptor) }
        let result = withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        // With SO_REUSEADDR a port that another socket listens on is refused by bind already; listen is the last word.
        guard result == 0 else {
            let code = errno
            close(descriptor)
            switch code {
            case EADDRINUSE: throw .portInUse(host: host, port: port)
            case EACCES: throw .permissionDenied(host: host, port: port)
            case EADDRNOTAVAIL: throw .addressNotLocal(host: host)
            default: throw .system(call: "bind", code: code)
            }
        }
        return descriptor
    }

    private static func enable(_ option: Int32, _ level: Int32, _ descriptor: Int32) {
        var on: Int32 = 1
        setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }
}
