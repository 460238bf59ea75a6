// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import Logging
import MicroHTTPServer
import ServiceLifecycle
import Testing

private let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

private func server(host: String = "127.0.0.1", port: UInt16 = 0, loops: Int = 1) -> MicroHTTPServer {
    MicroHTTPServer(
        configuration: MicroHTTPServerConfiguration(host: host, port: port, loops: loops),
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
