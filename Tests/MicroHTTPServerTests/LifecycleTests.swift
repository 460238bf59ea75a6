// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc
import HTTPKit
import Logging
import MicroHTTPServer
import ServiceLifecycle
import Testing

private let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

private func server(
    host: String = "127.0.0.1",
    port: UInt16 = 0,
    loops: Int = 1,
    sockets: ServerSockets? = nil
) -> MicroHTTPServer {
    MicroHTTPServer(
        configuration: MicroHTTPServerConfiguration(host: host, port: port, loops: loops),
        sockets: sockets,
        responder: HTTPEdge(ClosureResponder { _ in .text("ok") }),
        logger: quiet
    )
}

@Suite(.serialized) struct LifecycleTests {
    @Test func finishesRequestsInFlightBeforeItStops() async throws {
        let gate = Gate()
        try await ServerFixture { _ in
            await gate.wait()
            return .text("done")
        }.run { server, port in
            let client = try RawClient(port: port)
            client.get("/")
            await gate.arrivals(1)
            async let stopped: Void = server.stop(grace: .seconds(20))
            gate.open()
            let answer = try client.answer()
            #expect(answer.body == "done")
            await stopped
            #expect(try client.rest() == "")
            #expect(throws: (any Error).self) { try RawClient(port: port) }
        }
    }

    @Test func answersSuspendedRequestsWhenTheGraceIsOver() async throws {
        let gate = Gate()
        try await ServerFixture(loops: 2) { _ in
            await gate.wait()
            return .text("too late")
        }.run { server, port in
            let clients = try (0..<50).map { _ in try RawClient(port: port) }
            for client in clients { client.get("/") }
            await gate.arrivals(50)
            await server.stop(grace: .zero)
            for client in clients {
                let answer = try client.answer()
                #expect(answer.status == 503)
                #expect(answer.header("Retry-After") == "5")
                #expect(answer.body.contains("/draining"))
            }
            gate.open()
        }
    }

    @Test func endsStreamsWhenTheGraceIsOver() async throws {
        let never = Gate()
        try await ServerFixture { _ in
            .stream(type: "text/plain") { writer in
                try await writer.write([0x41])
                await withTaskCancellationHandler {
                    await never.opened()
                } onCancel: {
                    never.open()
                }
            }
        }.run { server, port in
            let client = try RawClient(port: port)
            client.get("/")
            _ = try client.answerHead()
            #expect(try client.chunk() == "A")
            await server.stop(grace: .zero)
            #expect(try client.rest() == "")
        }
    }

    @Test func saysThatThePortIsInUse() async throws {
        for loops in [1, 2] {
            let first = server(loops: loops)
            let port = try first.start()
            #expect(first.boundPort == port)
            for rivals in [1, 2] {
                #expect(throws: MicroHTTPServerError.portInUse(host: "127.0.0.1", port: port)) {
                    try server(port: port, loops: rivals).start()
                }
            }
            await first.stop(grace: .zero)
            let next = server(port: port, loops: loops)
            #expect(try next.start() == port)
            await next.stop(grace: .zero)
        }
    }

    @Test(arguments: [1, 2], [1, 2]) func letsNobodyInBeforeItStartsAndOnlyOneOfTwoThatAreBound(
        loops: Int,
        rivals: Int
    ) async throws {
        let sockets = try ServerSockets(host: "127.0.0.1", port: 0, count: loops)
        let first = server(loops: loops, sockets: sockets)
        #expect(throws: (any Error).self) { try RawClient(port: sockets.port) }
        let late = try ServerSockets(host: "127.0.0.1", port: sockets.port, count: rivals)
        #expect(try first.start() == sockets.port)
        #expect(throws: MicroHTTPServerError.portInUse(host: "127.0.0.1", port: sockets.port)) {
            try server(loops: rivals, sockets: late).start()
        }
        let client = try RawClient(port: sockets.port)
        client.get("/")
        #expect(try client.answer().body == "ok")
        await first.stop(grace: .zero)
    }

    @Test(arguments: [1, 3]) func answersWhoWaitsAtASocketThatItTakesOverAndLeavesItListening(
        loops: Int
    ) async throws {
        let (kept, port) = try listeningSocket()
        defer { close(kept) }
        var early = try RawClient(port: port)
        early.get("/")
        for _ in 0..<2 {
            let sockets = try ServerSockets(inherited: dup(kept), host: "127.0.0.1", port: port, count: loops)
            let server = server(loops: loops, sockets: sockets)
            #expect(try server.start() == port)
            #expect(try early.answer().body == "ok")
            for client in try (0..<20).map({ _ in try RawClient(port: port) }) {
                client.get("/")
                #expect(try client.answer().body == "ok")
            }
            await server.stop(grace: .zero)
            // Nobody answers, and nobody is refused.
            early = try RawClient(port: port)
            early.get("/")
        }
    }

    @Test func takesOverNothingButASocketOnItsAddress() throws {
        let (kept, port) = try listeningSocket()
        defer { close(kept) }
        for (host, expected) in [("127.0.0.2", port), ("127.0.0.1", port ^ 1), ("0.0.0.0", port), ("::1", port)] {
            let error = #expect(throws: MicroHTTPServerError.self) {
                try ServerSockets(inherited: dup(kept), host: host, port: expected, count: 1)
            }
            #expect("\(error as Any)".contains("it listens on 127.0.0.1:\(port)"))
        }
        let silent = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #expect(throws: MicroHTTPServerError.unsuitableSocket(reason: "it is none that listens for connections")) {
            try ServerSockets(inherited: silent, host: "127.0.0.1", port: port, count: 1)
        }
    }

    /// A socket that somebody else listens on, and its port.
    private func listeningSocket() throws -> (Int32, UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(isBound)
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    @Test func saysThatTheAddressIsNoGood() {
        #expect(throws: MicroHTTPServerError.unknownHost("no such host")) { try server(host: "no such host").start() }
        #expect(throws: MicroHTTPServerError.addressNotLocal(host: "192.0.2.1")) {
            try server(host: "192.0.2.1").start()
        }
    }

    @Test func startsOnlyOnce() async throws {
        let server = server()
        try server.start()
        #expect(throws: MicroHTTPServerError.alreadyStarted) { try server.start() }
        await server.stop(grace: .zero)
    }

    @Test func runsAsAServiceUntilGracefulShutdown() async throws {
        let server = server()
        let port = try server.start()
        let group = ServiceGroup(services: [server], logger: quiet)
        async let run: Void = group.run()
        let client = try RawClient(port: port)
        client.get("/")
        #expect(try client.answer().body == "ok")
        await group.triggerGracefulShutdown()
        try await run
        #expect(try client.rest() == "")
    }

    @Test func runEndsWhenItsTaskIsCancelled() async throws {
        let server = server()
        let port = try server.start()
        let task = Task { try await server.run() }
        task.cancel()
        try await task.value
        #expect(throws: (any Error).self) { try RawClient(port: port) }
    }
}
