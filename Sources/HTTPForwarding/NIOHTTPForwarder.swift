// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity
public import HTTPKit
import NIOCore
import NIOHTTP1
import NIOPosix
import TLSChannels

/// Hands requests to other servers over HTTP/1.1, with a connection for each request, under TLS where their address says so.
public struct NIOHTTPForwarder: HTTPForwarder {
    /// How long a connection may take, and the handshake after it; servers of one cluster are near.
    private static let connectTimeout = TimeAmount.seconds(2)

    private let group = MultiThreadedEventLoopGroup.singleton
    private let context: TLSContext

    /// Makes a forwarder; reads the certificates of authorities.
    ///
    /// - Parameter authorityFile: a PEM file with the authorities of other servers; nil = those of the system.
    /// - Throws: `TLSFault.fileUnusable`.
    public init(authorityFile: String? = nil) throws(TLSFault) {
        context = try TLSContext(client: TLSSettings(authorityFile: authorityFile))
    }

    /// Sends a request as it is to another server.
    public func forward(
        _ request: HTTPRequest,
        to address: String,
        with fields: [HTTPKit.HTTPHeaders.Field]
    ) async throws(HTTPForwardFault) -> HTTPResponse {
        guard let peer = Peer(address) else { throw .badAddress }
        let answer = ForwardedAnswer()
        let result = await withTaskCancellationHandler {
            await Self.result { () async throws -> HTTPResponse in
                let channel = try await connect(peer, answer)
                try await send(request, fields, host: peer.authority, over: channel)
                return try await respond(answer)
            }
        } onCancel: {
            answer.abandon()
        }
        return try result.get()
    }

    private static func result(
        _ body: () async throws -> HTTPResponse
    ) async -> Result<HTTPResponse, HTTPForwardFault> {
        do {
            return .success(try await body())
        } catch let fault as HTTPForwardFault {
            return .failure(fault)
        } catch {
            return .failure(.lost(reason: "\(error)"))
        }
    }

    private func connect(_ peer: Peer, _ answer: ForwardedAnswer) async throws -> any Channel {
        let eventLoop = group.next()
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: eventLoop).connectTimeout(Self.connectTimeout)
                .connect(host: peer.host, port: peer.port).get()
        } catch {
            throw Self.unreachable(error)
        }
        let ready = eventLoop.makePromise(of: Void.self)
        do {
            // Not before: a name may have several addresses, and each is tried by a channel of its own.
            try await eventLoop.submit { [context] in
                guard channel.isActive else { throw ChannelError.eof }
                let pipeline = channel.pipeline.syncOperations
                if peer.isSecure {
                    let session = try TLSSession(client: context, serverName: peer.host)
                    try pipeline.addHandler(TLSHandler(session, ready: ready))
                } else {
                    ready.succeed()
                }
                try pipeline.addHTTPClientHandlers()
                try pipeline.addHandler(ForwardedAnswerHandler(answer))
            }.get()
            answer.opened(channel)
            let timer = eventLoop.scheduleTask(in: Self.connectTimeout) { channel.close(promise: nil) }
            defer { timer.cancel() }
            try await ready.futureResult.get()
            return channel
        } catch {
            ready.fail(error)
            channel.close(promise: nil)
            throw Self.unreachable(error)
        }
    }

    private static func unreachable(_ error: any Error) -> HTTPForwardFault {
        Task.isCancelled ? .cancelled : .unreachable(reason: "\(error)")
    }

    /// Whether requests can be sent to an address: `http://HOST:PORT` or `https://HOST:PORT`.
    public static func takes(_ address: String) -> Bool { Peer(address) != nil }

    private func send(
        _ request: HTTPRequest,
        _ fields: [HTTPKit.HTTPHeaders.Field],
        host: String,
        over channel: any Channel
    ) async throws {
        var headers = request.headers.endToEnd
        for name in ["Host", "Content-Length", "X-Request-Id"] + fields.map({ $0.name }) { headers.remove(name) }
        headers.add("Host", host)
        headers.add("X-Request-Id", request.id)
        headers.add("Connection", "close")
        if !request.body.isEmpty || request.method != .get && request.method != .head {
            headers.add("Content-Length", "\(request.body.count)")
        }
        for field in fields { headers.add(field.name, field.value) }
        let head = HTTPRequestHead(
            version: .http1_1,
            method: NIOHTTP1.HTTPMethod(rawValue: request.method.rawValue),
            uri: request.rawTarget,
            headers: NIOHTTP1.HTTPHeaders(headers.fields.map { ($0.name, $0.value) })
        )
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        if !request.body.isEmpty {
            channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: request.body))), promise: nil)
        }
        try await channel.writeAndFlush(HTTPClientRequestPart.end(nil)).get()
    }

    private func respond(_ answer: ForwardedAnswer) async throws -> HTTPResponse {
        let head = try await answer.head()
        var headers = head.headers.endToEnd
        let isWhole = headers["Content-Length"] != nil || head.status == 204 || head.status == 304
        for name in ["Content-Length", "Date", "X-Request-Id"] { headers.remove(name) }
        guard !isWhole else {
            var octets: [UInt8] = []
            while let piece = try await answer.next() { octets += piece }
            return HTTPResponse(status: head.status, headers: headers, body: .octets(octets))
        }
        let stream = HTTPBodyStream { writer in
            try await withTaskCancellationHandler {
                defer { answer.abandon() }
                while let piece = try await answer.next() { try await writer.write(piece) }
            } onCancel: {
                answer.abandon()
            }
        }
        return HTTPResponse(status: head.status, headers: headers, body: .stream(stream))
    }
}
