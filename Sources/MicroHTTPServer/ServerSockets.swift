// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc

/// Sockets for one address and port, one per loop; the kernel spreads new connections over them.
///
/// Bound before there is anything to answer with, so that a port in use is told at once; who connects is refused until the
/// server starts. Those that were taken over listen already: connections wait in the kernel until the server answers them.
public struct ServerSockets: Sendable {
    /// The descriptors, not blocking; each belongs to whoever takes it.
    let descriptors: [Int32]
    /// The port, also if 0 was asked for.
    public let port: UInt16
    private let host: String
    /// What they are bound to; nil when they listen already.
    private let address: ResolvedAddress?

    /// Binds.
    ///
    /// - Throws: ``MicroHTTPServerError`` if the address cannot be listened on.
    public init(host: String, port: UInt16, count: Int) throws(MicroHTTPServerError) {
        // A socket that shares its port binds beside another process's that shares it too; one that does not share
        // finds out whether the port is free.
        let probe = try ResolvedAddress(host: host, port: port).bound(sharingPort: false, host: host)
        var open = [probe]
        do throws(MicroHTTPServerError) {
            let bound = try ResolvedAddress(boundTo: probe)
            if count > 1 {
                close(probe)
                open = []
                for _ in 0..<count { open.append(try bound.bound(sharingPort: true, host: host)) }
            }
            self.host = host
            self.port = bound.port
            address = bound
            descriptors = open
        } catch {
            for descriptor in open { close(descriptor) }
            throw error
        }
    }

    /// Takes over a socket that somebody else has made and listens on; it goes on listening when the server has stopped.
    ///
    /// - Parameters:
    ///   - inherited: closed in any case; who made it has it still.
    ///   - host: the address that it is expected to have.
    ///   - port: the port likewise; 0 takes any.
    ///   - count: how many loops take connections from it.
    /// - Throws: ``MicroHTTPServerError/unsuitableSocket(reason:)`` when it does not listen there.
    public init(inherited: Int32, host: String, port: UInt16, count: Int) throws(MicroHTTPServerError) {
        defer { close(inherited) }
        let expected = try ResolvedAddress(host: host, port: port)
        var listens: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(inherited, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0, listens == 1 else {
            throw .unsuitableSocket(reason: "it is none that listens for connections")
        }
        let address = try ResolvedAddress(boundTo: inherited)
        guard address.isSame(as: expected) else {
            throw .unsuitableSocket(reason: "it listens on \(address), and 'listen' says \(expected)")
        }
        var open: [Int32] = []
        for _ in 0..<count {
            let copy = fcntl(inherited, F_DUPFD_CLOEXEC, 3)
            if copy >= 0 { open.append(copy) }
            guard copy >= 0, fcntl(copy, F_SETFL, fcntl(copy, F_GETFL) | O_NONBLOCK) == 0 else {
                let code = errno
                for descriptor in open { close(descriptor) }
                throw .system(call: "fcntl", code: code)
            }
        }
        self.host = host
        self.port = address.port
        self.address = nil
        descriptors = open
    }

    /// Begins to take connections.
    ///
    /// - Throws: ``MicroHTTPServerError/portInUse(host:port:)`` when somebody else was faster.
    func listen() throws(MicroHTTPServerError) {
        guard let address else { return }
        // Those that share their port would do so with another server that was bound at the same time.
        if descriptors.count > 1 { close(try address.bound(sharingPort: false, host: host)) }
        for descriptor in descriptors where Glibc.listen(descriptor, 1024) != 0 {
            let code = errno
            throw code == EADDRINUSE ? .portInUse(host: host, port: port) : .system(call: "listen", code: code)
        }
    }

    /// Gives them up.
    func closeAll() {
        for descriptor in descriptors { close(descriptor) }
    }
}

/// A socket address of either family.
private struct ResolvedAddress: CustomStringConvertible {
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

    /// The address and the port, in numbers.
    var description: String {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getnameinfo($0, length, &host, socklen_t(NI_MAXHOST), nil, 0, NI_NUMERICHOST)
            }
        }
        guard code == 0 else { return "no address of the internet" }
        let text = String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return text.contains(":") ? "[\(text)]:\(port)" : "\(text):\(port)"
    }

    /// Whether it is what is expected, where port 0 stands for any.
    func isSame(as expected: ResolvedAddress) -> Bool {
        guard length == expected.length, storage.ss_family == expected.storage.ss_family,
            expected.port == 0 || port == expected.port
        else { return false }
        // After family and port; both are zero where nothing is said.
        return withUnsafeBytes(of: storage) { own in
            withUnsafeBytes(of: expected.storage) { other in
                own[4..<Int(length)].elementsEqual(other[4..<Int(length)])
            }
        }
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
