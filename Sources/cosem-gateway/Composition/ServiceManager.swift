// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc
import MicroHTTPServer

/// Tells systemd how the process is, by datagrams to the socket that it named, and takes over the port that it listens on.
enum ServiceManager {
    /// What there is to tell.
    enum News {
        /// Requests are answered.
        case ready(status: String)
        /// Settings are being read again; ``ready(status:)`` ends it.
        case reloading
        /// What is under way is ended.
        case stopping
        /// The process is alive.
        case alive
    }

    /// How often systemd wants to hear ``News/alive``; nil when it does not.
    static var watchdogPeriod: Duration? {
        let variables = ProcessEnvironment.variables
        guard let text = variables["WATCHDOG_USEC"], let microseconds = Int64(text), microseconds > 0 else {
            return nil
        }
        if let process = variables["WATCHDOG_PID"], process != String(getpid()) { return nil }
        return .microseconds(microseconds)
    }

    /// The sockets that systemd listens on for this process (`LISTEN_FDS`); nil when it does not.
    ///
    /// - Throws: `MicroHTTPServerError.unsuitableSocket` when it hands over anything but one on the address of the settings.
    static func sockets(_ settings: GatewaySettings) throws(MicroHTTPServerError) -> ServerSockets? {
        let variables = ProcessEnvironment.variables
        guard variables["LISTEN_PID"] == String(getpid()), let text = variables["LISTEN_FDS"] else { return nil }
        guard text == "1" else {
            throw .unsuitableSocket(reason: "LISTEN_FDS says \(text) sockets, and the gateway listens on one")
        }
        return try ServerSockets(
            inherited: firstDescriptor,
            host: settings.listen.host,
            port: settings.listen.port,
            count: settings.httpLoops
        )
    }

    /// What is handed over begins after standard input, output and error.
    private static let firstDescriptor: Int32 = 3

    /// Tells the news, if there is anyone to tell.
    static func tell(_ news: News) {
        guard let path = ProcessEnvironment.variables["NOTIFY_SOCKET"] else { return }
        switch news {
        case .ready(let status):
            send("READY=1\nSTATUS=\(status)", to: path)
        case .reloading:
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            send("RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)", to: path)
        case .stopping:
            send("STOPPING=1\nSTATUS=ending what is under way", to: path)
        case .alive:
            send("WATCHDOG=1", to: path)
        }
    }

    private static func send(_ text: String, to path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var octets = Array(path.utf8)
        // A name that begins with @ is of the abstract kind, which begins with a zero octet.
        if octets.first == UInt8(ascii: "@") { octets[0] = 0 }
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { place in
            guard octets.count < place.count else { return false }
            place.copyBytes(from: octets)
            return true
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard fits, descriptor >= 0 else { return }
        defer { close(descriptor) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + octets.count)
        let message = Array(text.utf8)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}
