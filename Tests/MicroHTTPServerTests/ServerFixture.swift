// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc
import HTTPKit
import Logging
import MicroHTTPServer
import Synchronization

/// Answers by a closure.
struct ClosureResponder: HTTPResponder {
    let answer: @Sendable (HTTPRequest) async -> HTTPResponse

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        await answer(request)
    }
}

/// A door that tasks wait at, and that tells how many do.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var arrived = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
        var counting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    func wait() async {
        arrive()
        await opened()
    }

    func opened() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func arrive() {
        let ready = state.withLock { state in
            state.arrived += 1
            let ready = state.counting.filter { $0.count <= state.arrived }
            state.counting.removeAll { $0.count <= state.arrived }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            let waiting = state.waiting
            state.waiting = []
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns when that many have arrived.
    func arrivals(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if state.arrived < count { state.counting.append((count, continuation)) }
                return state.arrived >= count
            }
            if isReached { continuation.resume() }
        }
    }
}

/// A door that whole threads wait at, as a task must not: for a loop that is busy with something else.
final class Barrier: Sendable {
    private let pipe: (reading: Int32, writing: Int32)

    init() {
        var descriptors: [Int32] = [-1, -1]
        _ = Glibc.pipe(&descriptors)
        pipe = (descriptors[0], descriptors[1])
    }

    deinit {
        close(pipe.reading)
        close(pipe.writing)
    }

    func wait() {
        var octet: UInt8 = 0
        _ = read(pipe.reading, &octet, 1)
    }

    func open() {
        var octet: UInt8 = 0
        _ = write(pipe.writing, &octet, 1)
    }
}

/// A server on a free port of the loopback address that answers by a closure.
struct ServerFixture {
    private let configuration: MicroHTTPServerConfiguration
    private let answer: @Sendable (HTTPRequest) async -> HTTPResponse

    init(
        limits: HTTPServerLimits = HTTPServerLimits(),
        loops: Int = 1,
        tls: HTTPServerTLS? = nil,
        answer: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) {
        configuration = MicroHTTPServerConfiguration(port: 0, loops: loops, limits: limits, tls: tls)
        self.answer = answer
    }

    /// Runs the server while the body runs.
    func run(_ body: (MicroHTTPServer, UInt16) async throws -> Void) async throws {
        let server = MicroHTTPServer(
            configuration: configuration,
            responder: HTTPEdge(ClosureResponder(answer: answer)),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        let port = try server.start()
        do {
            try await body(server, port)
        } catch {
            await server.stop(grace: .zero)
            throw error
        }
        await server.stop(grace: .zero)
    }
}

/// A responder that does not answer before its client has left.
struct HeldAnswer: Sendable {
    let started = Gate()
    private let cancelled = Gate()
    private let answered = Gate()

    func respond() async -> HTTPResponse {
        started.arrive()
        await withTaskCancellationHandler {
            await answered.opened()
        } onCancel: {
            cancelled.open()
        }
        return .text("late")
    }

    /// Waits until the responder was cancelled, and lets it end.
    func isCancelled() async {
        await cancelled.opened()
        answered.open()
    }
}
