// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CMicroHTTPDShim
import Glibc
import HTTPKit

/// One connection, as its loop sees it; lives from accept to close and is touched by the loop thread only.
final class HTTPConnection {
    /// What the connection does.
    enum Activity {
        /// Nothing yet.
        case new
        /// Nothing since the end of the request before.
        case idle(since: ContinuousClock.Instant)
        /// A request comes in; its first octet was noticed then.
        case receiving(since: ContinuousClock.Instant)
        /// A request is complete and being answered.
        case answering
        /// Cut by us; the library closes it in its next run.
        case cut
    }

    /// The socket.
    let descriptor: Int32
    /// The peer's address without its port.
    let remoteAddress: String
    /// What the connection does.
    var activity: Activity
    /// The request that is coming in or being answered.
    var exchange: HTTPExchange?
    /// The server's identity towards it; nil without TLS.
    let identity: HTTPServerIdentity?
    /// The certificate that the client showed; nil before the first request.
    private var certificate: ShownCertificate?
    /// Its place in the loop's list.
    var place = 0

    /// Makes the record of a connection just accepted.
    init(descriptor: Int32, identity: HTTPServerIdentity? = nil) {
        self.identity = identity
        self.descriptor = descriptor
        remoteAddress = Self.peerAddress(of: descriptor)
        activity = .new
    }

    /// Whether it speaks TLS.
    var isSecure: Bool { identity != nil }

    /// What the certificate says that the client showed; asked when a request is there.
    func clientCertificate(_ handle: OpaquePointer) -> ClientCertificate {
        guard let identity, identity.asksClients else { return .none }
        let shown = certificate ?? ShownCertificate(of: handle)
        certificate = shown
        return shown.present
    }

    /// Whether any octet came in at all.
    var hasReceived: Bool { microhttpd_has_received_data(descriptor) != 0 }

    /// Whether octets came in after an instant, as the kernel knows; a request line that drips in calls nobody back.
    func hasReceived(since instant: ContinuousClock.Instant, now: ContinuousClock.Instant) -> Bool {
        let age = microhttpd_milliseconds_since_data(descriptor)
        // The kernel counts in its own ticks of up to 10 ms.
        return age >= 0 && .milliseconds(age + 20) < now - instant
    }

    /// Whether octets wait in the socket that the library has not read.
    var hasUnreadOctets: Bool { microhttpd_unread_octets(descriptor) > 0 }

    /// Sends octets past the library; only while it has nothing to send itself.
    ///
    /// What does not fit is dropped. Under TLS nothing can be sent past the library.
    func sendDirectly(_ octets: [UInt8]) {
        guard !isSecure else { return }
        _ = octets.withUnsafeBytes {
            send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        }
    }

    /// Ends the connection: the library sees its end and closes it.
    func cut() {
        activity = .cut
        shutdown(descriptor, Int32(SHUT_RD))
    }

    private static func peerAddress(of descriptor: Int32) -> String {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard getpeername(descriptor, address, &length) == 0 else { return Int32(-1) }
                return getnameinfo(address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            }
        }
        guard result == 0 else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
