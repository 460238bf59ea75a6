// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Glibc

/// Asks a running gateway over HTTP or HTTPS, one connection a request; for the subcommands that work through it.
///
/// The API key comes from the environment variable `COSEM_GATEWAY_KEY`, and `COSEM_GATEWAY_CA_FILE` names the authorities that are
/// trusted instead of those of the system.
struct GatewayConnection {
    /// Why there is no answer.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// What the gateway answered.
    struct Answer {
        /// The HTTP status.
        let status: Int
        let body: [UInt8]
    }

    /// Whom a connection under TLS is made with.
    enum Trust {
        /// Nobody: the connection is in clear.
        case clear
        /// Whoever shows a certificate for the host, of an authority that is trusted.
        case verified
        /// Whoever answers; for questions whose answers nobody relies on.
        case anybody
    }

    private let trust: Trust
    private let host: String
    private let port: UInt16
    /// What stands before every path behind a reverse proxy.
    private let basePath: String
    /// Seconds that nothing may come for.
    private let patience: Int
    /// The API key that goes with every request; nil sends none.
    private let key: String?
    private static let longestAnswer = 64 << 20

    /// Reads `HOST:PORT`, with `http://` or `https://` in front and a path behind it or not; nil for anything else.
    ///
    /// - Parameters:
    ///   - trust: Who is trusted; by default as the scheme says.
    ///   - patience: Seconds that nothing may come for.
    ///   - key: The API key, nil for none.
    init?(
        _ text: String,
        trust: Trust? = nil,
        patience: Int = 130,
        key: String?
    ) {
        var rest = Substring(text)
        let isSecure = rest.hasPrefix("https://")
        self.trust = trust ?? (isSecure ? .verified : .clear)
        if let scheme = ["https://", "http://"].first(where: rest.hasPrefix) { rest = rest.dropFirst(scheme.count) }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        var path = rest[slash...]
        while path.last == "/" { path.removeLast() }
        // Only HTTPS has a usual port that a gateway would listen on.
        let colon = authority.lastIndex { $0 == ":" || $0 == "]" } ?? authority.endIndex
        let hasPort = colon < authority.endIndex && authority[colon] == ":"
        guard let port = hasPort ? UInt16(authority[authority.index(after: colon)...]) : isSecure ? 443 : nil else {
            return nil
        }
        var host = hasPort ? authority[..<colon] : authority
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, port > 0, (host + path).utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        self.host = host == "0.0.0.0" ? "127.0.0.1" : String(host)
        self.port = port
        basePath = String(path)
        // A line end in it would begin another field.
        self.key = key.flatMap { $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && !$0.isEmpty ? $0 : nil }
        self.patience = patience
    }

    /// Sends one request and waits for all of its answer.
    func send(
        _ method: String,
        _ path: String,
        type: String? = nil,
        accept: String = "application/json",
        fields: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) throws(Failure) -> Answer {
        var line = try line()
        var head = "\(method) \(basePath)\(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n"
        head += "Accept: \(accept)\r\n"
        // The key is no option: what stands on a command line is seen by all on the machine.
        if let key { head += "Authorization: Bearer \(key)\r\n" }
        for field in fields { head += "\(field.name): \(field.value)\r\n" }
        if let type { head += "Content-Type: \(type)\r\n" }
        if method != "GET" { head += "Content-Length: \(body.count)\r\n" }
        try line.write(Array((head + "\r\n").utf8) + body)
        var octets: [UInt8] = []
        while octets.count < Self.longestAnswer, let piece = try line.read() { octets += piece }
        return try answer(octets)
    }

    private func line() throws(Failure) -> GatewayLine {
        let session: TLSSession?
        do throws(TLSFault) {
            switch trust {
            case .clear: session = nil
            case .verified:
                let file = ProcessEnvironment.variables["COSEM_GATEWAY_CA_FILE"]
                session = try TLSSession(client: TLSContext(client: TLSSettings(authorityFile: file)), serverName: host)
            case .anybody: session = try TLSSession(client: TLSContext.trustingAnybody(), serverName: host)
            }
        } catch {
            throw Failure(description: "COSEM_GATEWAY_CA_FILE cannot be used: \(error)")
        }
        return try GatewayLine(connected(), session)
    }

    private func connected() throws(Failure) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0 else {
            throw Failure(description: "the name \(host) is not known")
        }
        defer { freeaddrinfo(found) }
        var next = found
        while let target = next {
            next = target.pointee.ai_next
            let descriptor = socket(target.pointee.ai_family, target.pointee.ai_socktype, target.pointee.ai_protocol)
            guard descriptor >= 0 else { continue }
            var limit = timeval(tv_sec: patience, tv_usec: 0)
            let size = socklen_t(MemoryLayout<timeval>.size)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
            setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
            if connect(descriptor, target.pointee.ai_addr, target.pointee.ai_addrlen) == 0 { return descriptor }
            close(descriptor)
        }
        throw Failure(description: "no gateway answers at \(host):\(port)")
    }

    private func answer(_ octets: [UInt8]) throws(Failure) -> Answer {
        // The body is whole when the head told its length and so much came.
        let end: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]
        guard octets.starts(with: Array("HTTP/1.1 ".utf8)),
            let split = octets.indices.first(where: { octets[$0...].starts(with: end) }),
            let status = Int(String(decoding: octets[9..<min(12, split)], as: UTF8.self))
        else { throw Failure(description: "what answers at \(host):\(port) is no gateway") }
        let lines = String(decoding: octets[..<split], as: UTF8.self).lowercased().split(separator: "\r\n")
        let isChunked = lines.contains { $0.hasPrefix("transfer-encoding:") && $0.hasSuffix("chunked") }
        let rest = octets[(split + end.count)...]
        let lengths = lines.compactMap { line in
            line.hasPrefix("content-length:") ? Int(line.dropFirst(15).filter(\.isNumber)) : nil
        }
        guard let body = isChunked ? ChunkedBody.octets(of: rest) : Array(rest), body.count >= lengths.first ?? 0 else {
            throw Failure(description: "the connection to the gateway ended in the middle of its answer")
        }
        return Answer(status: status, body: body)
    }
}
