// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A port of this machine whose backlog is full: connecting to it neither succeeds nor fails.
final class BusyPort: Sendable {
    private let descriptors: [Int32]
    let port: Int

    init?() {
        let listening = Self.streamSocket()
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(listening, generic, length) == 0 && listen(listening, 0) == 0
                    && getsockname(listening, generic, &length) == 0
            }
        }
        var descriptors = [listening]
        // The backlog holds one more than it is told; the others keep the queue of unfinished connections busy, too.
        for _ in 0..<3 {
            let filler = Self.streamSocket()
            _ = fcntl(filler, F_SETFL, O_NONBLOCK)
            _ = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(filler, $0, length) }
            }
            descriptors.append(filler)
        }
        self.descriptors = descriptors
        port = Int(UInt16(bigEndian: address.sin_port))
        guard isListening else { return nil }
    }

    deinit {
        for descriptor in descriptors { _ = close(descriptor) }
    }

    private static func streamSocket() -> Int32 {
        #if canImport(Glibc)
        socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        socket(AF_INET, SOCK_STREAM, 0)
        #endif
    }
}
