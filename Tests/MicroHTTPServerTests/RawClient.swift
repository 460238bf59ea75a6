// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc
import Testing

/// A client that sends exactly the octets it is told to and reads what comes back.
final class RawClient {
    struct Answer {
        let status: Int
        let head: String
        let body: String

        func header(_ name: String) -> String? {
            for line in head.split(separator: "\r\n").dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts[0].lowercased() == name.lowercased() { return String(parts[1].drop { $0 == " " }) }
            }
            return nil
        }
    }

    struct Ended: Error {}

    private let descriptor: Int32
    private var received: [UInt8] = []

    init(port: UInt16, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        // A test that waits for what never comes ends with a fault instead of not at all.
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 { throw Ended() }
    }

    deinit {
        if !isClosed { Glibc.close(descriptor) }
    }

    private var isClosed = false

    func close() {
        isClosed = true
        Glibc.close(descriptor)
    }

    func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    func send(_ text: String) {
        send(Array(text.utf8))
    }

    func send(_ octets: [UInt8]) {
        _ = octets.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    func get(_ target: String, fields: String = "") {
        send("GET \(target) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n")
    }

    /// The next whole answer; one to HEAD has no body.
    func answer(toHead: Bool = false) throws -> Answer {
        let head = try text(upTo: "\r\n\r\n")
        let status = Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0
        let answer = Answer(status: status, head: head, body: "")
        if toHead || status < 200 || status == 204 || status == 304 { return answer }
        if let length = answer.header("Content-Length").flatMap(Int.init) {
            return Answer(status: status, head: head, body: try text(count: length))
        }
        if answer.header("Transfer-Encoding") == "chunked" {
            var body = ""
            while let piece = try chunk() { body += piece }
            return Answer(status: status, head: head, body: body)
        }
        return Answer(status: status, head: head, body: try rest())
    }

    /// The head of the next answer only.
    func answerHead() throws -> String {
        try text(upTo: "\r\n\r\n")
    }

    /// The next chunk of a chunked body, nil at its end.
    func chunk() throws -> String? {
        let count = Int(try text(upTo: "\r\n"), radix: 16) ?? 0
        let piece = try text(count: count)
        _ = try text(upTo: "\r\n")
        return count == 0 ? nil : piece
    }

    /// Everything until the server closes the connection.
    func rest() throws -> String {
        while try receive() {}
        defer { received = [] }
        return String(decoding: received, as: UTF8.self)
    }

    /// What comes next, as it comes; empty at the end.
    func piece() throws -> [UInt8] {
        _ = try receive()
        defer { received = [] }
        return received
    }

    private func text(upTo end: String) throws -> String {
        let mark = Array(end.utf8)
        var place = 0
        while true {
            while place + mark.count <= received.count {
                if received[place..<place + mark.count].elementsEqual(mark) {
                    let found = String(decoding: received[..<place], as: UTF8.self)
                    received.removeFirst(place + mark.count)
                    return found
                }
                place += 1
            }
            guard try receive() else { throw Ended() }
        }
    }

    private func text(count: Int) throws -> String {
        while received.count < count {
            guard try receive() else { throw Ended() }
        }
        defer { received.removeFirst(count) }
        return String(decoding: received[..<count], as: UTF8.self)
    }

    private func receive() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        // A reset ends the connection too.
        try #require(count >= 0 || errno == ECONNRESET, "recv: \(errno)")
        if count > 0 { received += buffer[..<count] }
        return count > 0
    }
}
