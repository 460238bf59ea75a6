// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPForwarding
import HTTPKit
import Logging
import MicroHTTPServer
import Synchronization
import Testing

/// Answers by a closure.
private struct ClosureResponder: HTTPResponder {
    let answer: @Sendable (HTTPRequest) async -> HTTPResponse

    func respond(to request: HTTPRequest) async -> HTTPResponse { await answer(request) }
}

@Suite struct ForwardingTests {
    private let forwarder: NIOHTTPForwarder

    init() throws {
        forwarder = try NIOHTTPForwarder()
    }

    /// Runs a server on a free port while the body runs with its address.
    private func withServer(
        _ answer: @escaping @Sendable (HTTPRequest) async -> HTTPResponse,
        _ body: (String) async throws -> Void
    ) async throws {
        let server = MicroHTTPServer(
            configuration: MicroHTTPServerConfiguration(port: 0, loops: 1),
            responder: HTTPEdge(ClosureResponder(answer: answer)),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        let port = try server.start()
        do {
            try await body("http://127.0.0.1:\(port)")
        } catch {
            await server.stop(grace: .zero)
            throw error
        }
        await server.stop(grace: .zero)
    }

    @Test func aRequestArrivesAsItWasSent() async throws {
        try await withServer { request in
            var answer = HTTPResponse.text(
                [
                    request.method.rawValue, request.rawTarget, request.headers["If-Match"] ?? "none",
                    request.headers["Proof"] ?? "none", request.headers["Connection"] ?? "none", request.id,
                    String(decoding: request.body, as: UTF8.self),
                ].joined(separator: " "),
                status: 418
            )
            answer.headers.set("ETag", "\"7\"")
            return answer
        } _: { address in
            let request = HTTPRequest(
                method: .put,
                rawTarget: "/meters/M%201/x?a=b+c",
                headers: HTTPHeaders([
                    .init(name: "If-Match", value: "\"6\""), .init(name: "Proof", value: "forged"),
                    .init(name: "Connection", value: "Keep-Alive, X-Hop"), .init(name: "X-Hop", value: "1"),
                    .init(name: "X-Request-Id", value: "request-1"),
                ]),
                body: Array("body".utf8)
            )
            let answer = try await forwarder.forward(request, to: address, with: [.init(name: "Proof", value: "ours")])
            #expect(answer.status == 418)
            #expect(answer.headers["ETag"] == "\"7\"")
            #expect(answer.headers["Content-Length"] == nil)
            let body = String(decoding: try await answer.collectedBody(), as: UTF8.self)
            #expect(body == "PUT /meters/M%201/x?a=b+c \"6\" ours close request-1 body")
        }
    }

    @Test func aStreamComesPieceByPiece() async throws {
        let (received, next) = AsyncStream.makeStream(of: Void.self)
        try await withServer { _ in
            .stream(type: "application/x-ndjson") { writer in
                try await writer.write(Array("first\n".utf8))
                // Only when the first one has arrived at the other end.
                for await _ in received { break }
                try await writer.write(Array("second\n".utf8))
            }
        } _: { address in
            let answer = try await forwarder.forward(
                HTTPRequest(method: .get, rawTarget: "/rows"),
                to: address,
                with: []
            )
            guard case .stream(let stream) = answer.body else {
                Issue.record("the answer is no stream")
                return
            }
            let collector = Collector { next.yield() }
            try await stream.produce(collector)
            #expect(collector.text == "first\nsecond\n")
        }
    }

    @Test func theDepartureOfTheCallerArrives() async throws {
        let (departed, leave) = AsyncStream.makeStream(of: Void.self)
        let (arrived, arrive) = AsyncStream.makeStream(of: Void.self)
        try await withServer { _ in
            await withTaskCancellationHandler {
                arrive.yield()
                // Ends when the server cancels the task because its caller is gone.
                for await _ in AsyncStream<Void>.makeStream().stream {}
                return .empty()
            } onCancel: {
                leave.yield()
            }
        } _: { address in
            let request = Task { [forwarder] in
                try await forwarder.forward(HTTPRequest(method: .get, rawTarget: "/slow"), to: address, with: [])
            }
            for await _ in arrived { break }
            request.cancel()
            await #expect(throws: HTTPForwardFault.cancelled) { try await request.value }
            for await _ in departed { break }
        }
    }

    @Test func anAddressWhereNobodyListensIsToldApart() async throws {
        var address = ""
        try await withServer { _ in
            .empty()
        } _: {
            address = $0
        }
        do {
            _ = try await forwarder.forward(HTTPRequest(method: .get, rawTarget: "/"), to: address, with: [])
            Issue.record("nobody listens there")
        } catch {
            guard case .unreachable = error else {
                Issue.record("\(error)")
                return
            }
        }
        for bad in ["https://x", "ftp://x:1", "x:1", "http://:1", "http://x:0"] {
            await #expect(throws: HTTPForwardFault.badAddress) {
                try await forwarder.forward(HTTPRequest(method: .get, rawTarget: "/"), to: bad, with: [])
            }
        }
    }

    @Test func nothingIsSentWithoutTheTLSThatWasMeant() async throws {
        let asked = Mutex(0)
        try await withServer { _ in
            asked.withLock { $0 += 1 }
            return .empty()
        } _: { address in
            let secure = address.replacing("http:", with: "https:")
            do throws(HTTPForwardFault) {
                _ = try await forwarder.forward(HTTPRequest(method: .get, rawTarget: "/"), to: secure, with: [])
                Issue.record("nobody speaks TLS there")
            } catch {
                guard case .unreachable = error else {
                    Issue.record("\(error)")
                    return
                }
            }
        }
        #expect(asked.withLock { $0 } == 0)
    }
}

/// Keeps what it is given, and tells of the first piece.
private final class Collector: HTTPBodyWriter {
    private let octets = Mutex<[UInt8]>([])
    private let tell: @Sendable () -> Void

    init(_ tell: @escaping @Sendable () -> Void) {
        self.tell = tell
    }

    var text: String { String(decoding: octets.withLock { $0 }, as: UTF8.self) }

    func write(_ piece: [UInt8]) async throws(HTTPStreamClosed) {
        octets.withLock { $0 += piece }
        tell()
    }
}
