// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc
public import HTTPKit
public import Logging
public import ServiceLifecycle
import Synchronization

/// The HTTP/1.1 server: libmicrohttpd driven by threads of our own, answering through an ``HTTPKit/HTTPResponder``.
///
/// Handlers start on the thread that received the request and are answered there if they need no wait; one that waits gives the
/// thread back. Their asynchronous functions and actors run on that thread too, so nothing in them may block.
///
/// What libmicrohttpd finds wrong before a request exists (a request line that is none, a header line without a colon, a malformed
/// Content-Length or chunk, a head larger than its memory) it answers itself, with a short HTML page, and closes the connection.
public final class MicroHTTPServer: Service {
    private enum State {
        case idle
        case listening([HTTPLoop], port: UInt16)
        case finished
    }

    private let configuration: MicroHTTPServerConfiguration
    private let responder: any HTTPResponder
    private let logger: Logger
    private let sockets: ServerSockets?
    private let state = Mutex(State.idle)

    /// Makes a server; ``start()`` or ``run()`` sets it going.
    ///
    /// - Parameter sockets: sockets for its address, as many as there are loops; without them it makes its own.
    public init(
        configuration: MicroHTTPServerConfiguration,
        sockets: ServerSockets? = nil,
        responder: any HTTPResponder,
        logger: Logger
    ) {
        self.configuration = configuration
        self.sockets = sockets
        self.responder = responder
        self.logger = logger
    }

    /// The port the server listens on, nil before it does.
    public var boundPort: UInt16? {
        state.withLock { state in
            if case .listening(_, let port) = state { port } else { nil }
        }
    }

    /// Starts listening and answering; returns at once with the port.
    ///
    /// - Throws: ``MicroHTTPServerError`` if the address cannot be listened on, or the server was started before.
    @discardableResult
    public func start() throws(MicroHTTPServerError) -> UInt16 {
        try state.withLock { state throws(MicroHTTPServerError) in
            guard case .idle = state else { throw .alreadyStarted }
            let sockets =
                if let sockets {
                    sockets
                } else {
                    try ServerSockets(
                        host: configuration.host,
                        port: configuration.port,
                        count: configuration.loops
                    )
                }
            do throws(MicroHTTPServerError) {
                try sockets.listen()
            } catch {
                sockets.closeAll()
                throw error
            }
            var loops: [HTTPLoop] = []
            let bodies = BodyAllowance(configuration.limits.allBodiesOctets)
            do throws(MicroHTTPServerError) {
                for socket in sockets.descriptors {
                    let loop = try HTTPLoop(
                        socket: socket,
                        loops: configuration.loops,
                        limits: configuration.limits,
                        tls: configuration.tls,
                        bodies: bodies,
                        responder: responder,
                        logger: logger
                    )
                    try loop.start()
                    loops.append(loop)
                }
            } catch {
                for loop in loops { loop.drain(grace: .zero) }
                for socket in sockets.descriptors.dropFirst(loops.count) { close(socket) }
                throw error
            }
            state = .listening(loops, port: sockets.port)
            logger.info(
                "HTTP server listens",
                metadata: ["host": "\(configuration.host)", "port": "\(sockets.port)"]
            )
            return sockets.port
        }
    }

    /// Serves until graceful shutdown: then takes no more connections, lets requests in flight finish within the grace, and returns.
    ///
    /// - Throws: ``MicroHTTPServerError`` if the server cannot start.
    public func run() async throws {
        if boundPort == nil { try start() }
        let wasCancelled: Bool
        do {
            try await gracefulShutdown()
            wasCancelled = false
        } catch {
            wasCancelled = true
        }
        await stop(grace: wasCancelled ? .zero : configuration.shutdownGrace)
    }

    /// Stops the server; requests in flight may go on for the grace, then they are answered 503.
    public func stop(grace: Duration) async {
        let loops = state.withLock { state -> [HTTPLoop] in
            guard case .listening(let loops, _) = state else { return [] }
            state = .finished
            return loops
        }
        for loop in loops { loop.drain(grace: grace) }
        for loop in loops { await loop.waitUntilStopped() }
    }
}
