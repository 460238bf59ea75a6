// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import NIOCore
import NIOHTTP1
import Synchronization

/// An answer of another server on its way: the event loop puts pieces in, one taker takes them out.
final class ForwardedAnswer: Sendable {
    /// What comes first.
    struct Head: Sendable {
        let status: Int
        let headers: HTTPKit.HTTPHeaders
    }

    private struct State {
        var channel: (any Channel)?
        var head: Head?
        var pieces: [[UInt8]] = []
        var waitingOctets = 0
        /// How the answer ended; nil while it goes on.
        var end: Result<Void, HTTPForwardFault>?
        var isAbandoned = false
        var isPaused = false
        /// Counts what has come, so that nothing comes unseen between a look and a wait.
        var changes = 0
        var taker: CheckedContinuation<Void, Never>?

        /// What there is for the taker.
        mutating func take() -> Look {
            guard !isAbandoned, !pieces.isEmpty else { return end.map { .end($0) } ?? .nothing }
            let piece = pieces.removeFirst()
            waitingOctets -= piece.count
            guard isPaused, waitingOctets < ForwardedAnswer.mostWaiting / 2 else { return .piece(piece, nil) }
            isPaused = false
            return .piece(piece, channel)
        }
    }

    /// What a taker finds; with a piece, the connection that may be read on.
    private enum Look {
        case piece([UInt8], (any Channel)?)
        case end(Result<Void, HTTPForwardFault>)
        case nothing
    }

    /// With more octets waiting than this the other server has to wait.
    private static let mostWaiting = 256 * 1024

    private let state = Mutex(State())

    /// The connection stands.
    func opened(_ channel: any Channel) {
        let isAbandoned = state.withLock { state in
            state.channel = channel
            return state.isAbandoned
        }
        if isAbandoned { channel.close(promise: nil) }
    }

    /// Nobody takes the rest.
    func abandon() {
        let channel = change { state in
            state.isAbandoned = true
            if state.end == nil { state.end = .failure(.cancelled) }
            return state.channel
        }
        channel?.close(promise: nil)
    }

    /// Waits for status and fields.
    func head() async throws(HTTPForwardFault) -> Head {
        while true {
            let (head, end, seen) = state.withLock { ($0.head, $0.end, $0.changes) }
            if let head { return head }
            if let end {
                try end.get()
                throw .lost(reason: "the answer has no head")
            }
            await changed(since: seen)
        }
    }

    /// Waits for the next piece of the body; nil at its end.
    func next() async throws(HTTPForwardFault) -> [UInt8]? {
        while true {
            let (look, seen) = state.withLock { ($0.take(), $0.changes) }
            switch look {
            case .piece(let octets, let paused):
                if let paused { paused.setOption(.autoRead, value: true).whenComplete { _ in paused.read() } }
                return octets
            case .end(let end):
                try end.get()
                return nil
            case .nothing: await changed(since: seen)
            }
        }
    }

    /// Status and fields came.
    func received(_ head: Head) {
        change { $0.head = head }
    }

    /// A piece of the body came; true when no more is to be read for now.
    func received(_ piece: [UInt8]) -> Bool {
        change { state in
            state.pieces.append(piece)
            state.waitingOctets += piece.count
            guard !state.isPaused, state.waitingOctets > Self.mostWaiting else { return false }
            state.isPaused = true
            return true
        }
    }

    /// The answer is whole, or will never be.
    func ended(_ end: Result<Void, HTTPForwardFault>) {
        change { if $0.end == nil { $0.end = end } }
    }

    private func change<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        let (value, taker) = state.withLock { state in
            let value = body(&state)
            state.changes += 1
            defer { state.taker = nil }
            return (value, state.taker)
        }
        taker?.resume()
        return value
    }

    /// Returns when something has come since the taker looked.
    private func changed(since seen: Int) async {
        await withCheckedContinuation { continuation in
            let isAtHand = state.withLock { state in
                guard state.changes == seen else { return true }
                state.taker = continuation
                return false
            }
            if isAtHand { continuation.resume() }
        }
    }
}

/// Puts what comes over a connection into an answer.
final class ForwardedAnswerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let answer: ForwardedAnswer

    init(_ answer: ForwardedAnswer) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // Interim answers are for this connection.
            guard head.status.code >= 200 else { return }
            answer.received(
                ForwardedAnswer.Head(
                    status: Int(head.status.code),
                    headers: HTTPKit.HTTPHeaders(head.headers.map { .init(name: $0.name, value: $0.value) })
                )
            )
        case .body(let buffer):
            if answer.received(Array(buffer.readableBytesView)) {
                context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
            }
        case .end:
            answer.ended(.success(()))
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.ended(.failure(.lost(reason: "the connection ended")))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.ended(.failure(.lost(reason: "\(error)")))
        context.close(promise: nil)
    }
}
