// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import NIOCore
import NIOHTTP1

/// Gathers the answer on a connection; of its body the beginning only.
final class OutboundAnswerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let promise: EventLoopPromise<OutboundAnswer>
    private let mostOctets: Int
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []

    init(_ promise: EventLoopPromise<OutboundAnswer>, mostOctets: Int) {
        self.promise = promise
        self.mostOctets = mostOctets
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // Interim answers say nothing yet.
            if head.status.code >= 200 { self.head = head }
        case .body(let buffer):
            body += buffer.readableBytesView.prefix(mostOctets - body.count)
            // Nobody reads more than the beginning.
            if body.count == mostOctets { finish(context) }
        case .end: finish(context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let fault = error as? TLSFault {
            promise.fail(OutboundFault.tlsRefused(fault))
        } else {
            promise.fail(OutboundFault.lost(reason: "\(error)"))
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(OutboundFault.lost(reason: "the connection was closed"))
        context.fireChannelInactive()
    }

    private func finish(_ context: ChannelHandlerContext) {
        if let head {
            promise.succeed(
                OutboundAnswer(
                    status: Int(head.status.code),
                    fields: head.headers.map { ($0.name, $0.value) },
                    body: body
                )
            )
        }
        context.close(promise: nil)
    }
}
