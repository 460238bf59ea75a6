// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import Glibc

/// Asks a gateway on this machine whether it is ready; for container health checks.
struct HealthCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Ask a running gateway for /readyz; exit 0 when it is ready."
    )

    @Option(help: "The address the gateway listens on.")
    var listen = "127.0.0.1:8080"

    func run() throws {
        guard let address = ListenAddress(listen) else {
            throw ValidationError("--listen: write ADDRESS:PORT, for example 127.0.0.1:8080")
        }
        let host = address.host == "0.0.0.0" ? "127.0.0.1" : address.host
        guard Self.statusLine(of: "/readyz", host: host, port: address.port).hasPrefix("HTTP/1.1 200 ") else {
            throw ExitCode.failure
        }
    }

    /// The first octets of the answer to one GET, as text; empty when nobody answers within five seconds.
    private static func statusLine(of path: String, host: String, port: UInt16) -> String {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICHOST
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let target = found else { return "" }
        defer { freeaddrinfo(found) }
        let descriptor = socket(target.pointee.ai_family, target.pointee.ai_socktype, target.pointee.ai_protocol)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        guard connect(descriptor, target.pointee.ai_addr, target.pointee.ai_addrlen) == 0 else { return "" }
        let request = Array("GET \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n".utf8)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return "" }
        var answer = [UInt8](repeating: 0, count: 64)
        let count = recv(descriptor, &answer, answer.count, 0)
        return count > 0 ? String(decoding: answer[..<count], as: UTF8.self) : ""
    }
}
