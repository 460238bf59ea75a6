// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity
import NIOCore
import NIOHTTP1
import NIOPosix
import TLSChannels

/// Sends requests to servers outside, a connection for each; never follows where an answer sends it.
///
/// The name of a host is looked up once, each of its addresses is judged, and the connection goes to one of those that were
/// judged, so that a name cannot lead elsewhere between look and call.
public struct OutboundHTTPClient: Sendable {
    /// Addresses of one host that are tried at most.
    private static let mostAddresses = 3

    private let policy: AddressPolicy
    private let context: TLSContext
    private let group = MultiThreadedEventLoopGroup.singleton

    /// Makes a client; reads the certificates of authorities.
    ///
    /// - Parameters:
    ///   - policy: which addresses may be called.
    ///   - authorityFile: a PEM file with the authorities that are trusted; nil = those of the system.
    /// - Throws: `TLSFault.fileUnusable`.
    public init(policy: AddressPolicy = AddressPolicy(), authorityFile: String? = nil) throws(TLSFault) {
        self.policy = policy
        context = try TLSContext(client: TLSSettings(authorityFile: authorityFile))
    }

    /// Looks up a host and judges its addresses, without calling it.
    ///
    /// - Throws: ``OutboundFault/notResolved``, ``OutboundFault/addressRefused(_:)``.
    public func check(host: String, port: Int) async throws(OutboundFault) {
        _ = try await addresses(of: host, port)
    }

    /// Sends a request and waits for its answer.
    ///
    /// - Parameter limit: how long connection and answer may take together.
    public func send(
        _ request: OutboundRequest,
        within limit: Duration
    ) async throws(OutboundFault) -> OutboundAnswer {
        let deadline = NIODeadline.now() + TimeAmount(limit)
        let addresses = try await addresses(of: request.host, request.port)
        var last = OutboundFault.unreachable(reason: "")
        for address in addresses.prefix(Self.mostAddresses) {
            do throws(OutboundFault) {
                return try await send(request, to: address, until: deadline)
            } catch {
                // Only while nothing was sent is another address tried.
                guard case .unreachable = error else { throw error }
                last = error
            }
        }
        throw last
    }

    private func addresses(of host: String, _ port: Int) async throws(OutboundFault) -> [SocketAddress] {
        let addresses = try await HostLookup.addresses(of: host, port: port)
        if let refused = addresses.first(where: { !policy.allows($0.octets) }) {
            throw .addressRefused(refused.ipAddress ?? "of another kind")
        }
        return addresses
    }

    private func send(
        _ request: OutboundRequest,
        to address: SocketAddress,
        until deadline: NIODeadline
    ) async throws(OutboundFault) -> OutboundAnswer {
        let left = deadline - .now()
        guard left > .zero else { throw .timedOut }
        let eventLoop = group.next()
        let promise = eventLoop.makePromise(of: OutboundAnswer.self)
        let ready = eventLoop.makePromise(of: Void.self)
        if !request.isSecure { ready.succeed() }
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: eventLoop)
                .connectTimeout(left)
                .channelInitializer { [context] channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if request.isSecure {
                            let session = try TLSSession(client: context, serverName: request.host)
                            try pipeline.addHandler(TLSHandler(session, ready: ready))
                        }
                        try pipeline.addHTTPClientHandlers()
                        try pipeline.addHandler(
                            OutboundAnswerHandler(promise, mostOctets: request.mostAnswerOctets)
                        )
                    }
                }
                .connect(to: address).get()
        } catch {
            let fault = OutboundFault.unreachable(reason: "\(error)")
            ready.fail(fault)
            promise.fail(fault)
            throw fault
        }
        let timer = channel.eventLoop.scheduleTask(deadline: deadline) {
            promise.fail(OutboundFault.timedOut)
            channel.close(promise: nil)
        }
        defer {
            timer.cancel()
            channel.close(promise: nil)
        }
        let result = await withTaskCancellationHandler {
            // Where there is no TLS the answer has failed already.
            if (try? await ready.futureResult.get()) != nil { write(request, on: channel) }
            return await Self.result(promise.futureResult)
        } onCancel: {
            channel.close(promise: nil)
        }
        return try result.get()
    }

    private func write(_ request: OutboundRequest, on channel: any Channel) {
        let host = request.host.contains(":") ? "[\(request.host)]" : request.host
        let isUsual = request.port == (request.isSecure ? 443 : 80)
        var fields = HTTPHeaders()
        fields.add(name: "Host", value: isUsual ? host : "\(host):\(request.port)")
        fields.add(name: "Content-Length", value: "\(request.body.count)")
        fields.add(name: "Connection", value: "close")
        for field in request.fields { fields.add(name: field.name, value: field.value) }
        let head = HTTPRequestHead(
            version: .http1_1,
            method: HTTPMethod(rawValue: request.method),
            uri: request.target,
            headers: fields
        )
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: request.body))), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }

    private static func result(_ future: EventLoopFuture<OutboundAnswer>) async -> Result<OutboundAnswer, OutboundFault>
    {
        do {
            return .success(try await future.get())
        } catch let fault as OutboundFault {
            return .failure(fault)
        } catch {
            return .failure(.lost(reason: "\(error)"))
        }
    }
}
