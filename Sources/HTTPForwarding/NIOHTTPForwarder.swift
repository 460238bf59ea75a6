// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import HTTPKit
import NIOCore
import NIOHTTP1
import NIOPosix

/// Hands requests to other servers over HTTP/1.1, with a connection for each request.
public struct NIOHTTPForwarder: HTTPForwarder {
    /// How long a connection may take; servers of one cluster are near.
    private static let connectTimeout = TimeAmount.seconds(2)

    private let group: MultiThreadedEventLoopGroup

    /// Makes a forwarder with an event loop of its own process-wide group.
    public init() {
        group = .singleton
    }

    /// Sends a request as it is to another server.
    public func forward(
        _ request: HTTPRequest,
        to address: String,
        with fields: [HTTPKit.HTTPHeaders.Field]
    ) async throws(HTTPForwardFault) -> HTTPResponse {
        guard let (host, port) = Self.endpoint(address) else { throw .badAddress }
        let answer = ForwardedAnswer()
        let result = await withTaskCancellationHandler {
            await Self.result { () async throws -> HTTPResponse in
                let channel = try await connect(host, port, answer)
                answer.opened(channel)
                try await send(request, fields, host: address, over: channel)
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

    private func connect(_ host: String, _ port: Int, _ answer: ForwardedAnswer) async throws -> any Channel {
        do {
            return try await ClientBootstrap(group: group)
                .connectTimeout(Self.connectTimeout)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandler(ForwardedAnswerHandler(answer))
                    }
                }
                .connect(host: host, port: port).get()
        } catch {
            throw HTTPForwardFault.unreachable(reason: "\(error)")
        }
    }

    private func send(
        _ request: HTTPRequest,
        _ fields: [HTTPKit.HTTPHeaders.Field],
        host: String,
        over channel: any Channel
    ) async throws {
        var headers = request.headers.endToEnd
        for name in ["Host", "Content-Length", "X-Request-Id"] + fields.map({ $0.name }) { headers.remove(name) }
        headers.add("Host", String(host.dropFirst("http://".count)))
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

    /// Host and port of `http://host:port`; nil for anything else.
    static func endpoint(_ address: String) -> (host: String, port: Int)? {
        let scheme = "http://"
        guard address.hasPrefix(scheme) else { return nil }
        let authority = address.dropFirst(scheme.count).prefix { $0 != "/" }
        guard let colon = authority.lastIndex(of: ":"), let port = UInt16(authority[authority.index(after: colon)...]),
            port > 0
        else { return nil }
        var host = authority[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return host.isEmpty ? nil : (String(host), Int(port))
    }
}
