// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CMicroHTTPD
import CMicroHTTPDShim
import Glibc
import HTTPKit

/// A body on its way: between its producer, which waits while too much is pending, and the library, which is suspended while
/// nothing is.
// Sendable without the compiler's proof: every member is touched on the loop's thread only; `write` goes there by itself.
final class StreamedBody: HTTPBodyWriter, @unchecked Sendable {
    /// The producer waits while more octets than this are pending.
    private static let enough = 64 * 1024

    private enum End {
        case whole
        case broken
    }

    private let body: HTTPBodyStream
    private let handle: OpaquePointer
    private let loop: HTTPLoop
    private var pending: [UInt8] = []
    private var taken = 0
    private var end: End?
    private var isClosed = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var suspension: SuspendedConnection?
    private var task: Task<Void, Never>?

    /// Makes the body for a connection.
    init(_ body: HTTPBodyStream, handle: OpaquePointer, loop: HTTPLoop) {
        self.body = body
        self.handle = handle
        self.loop = loop
    }

    /// The library's response, which holds this body until it is done with it.
    func makeResponse() -> OpaquePointer? {
        let context = Unmanaged.passRetained(self)
        let response = microhttpd_streamed_response(readBody, releaseBody, context.toOpaque())
        if response == nil { context.release() }
        return response
    }

    /// Starts the producer.
    func start() {
        let task = Task.immediate(executorPreference: loop) { [self] in
            do {
                try await body.produce(self)
                finished(.whole)
            } catch {
                finished(.broken)
            }
        }
        if end == nil { self.task = task }
    }

    /// Whether the library waits for a piece.
    var isSuspended: Bool {
        switch suspension {
        case .none: false
        case .some: true
        }
    }

    /// Sends a piece of the body.
    func write(_ octets: [UInt8]) async throws(HTTPStreamClosed) {
        let isTaken = await withTaskExecutorPreference(loop) { await self.append(octets) }
        if !isTaken { throw HTTPStreamClosed() }
    }

    private func append(_ octets: [UInt8]) async -> Bool {
        guard !isClosed, end == nil else { return false }
        pending += octets
        resume()
        while pending.count - taken > Self.enough, !isClosed {
            await withCheckedContinuation { waiting.append($0) }
        }
        return !isClosed
    }

    private func finished(_ end: End) {
        self.end = self.end ?? end
        resume()
    }

    /// Nobody takes the body any more.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        end = end ?? .broken
        task?.cancel()
        wakeProducer()
        resume()
    }

    private func resume() {
        if let suspension = suspension.take() {
            suspension.resume()
            loop.hasResumed = true
        }
    }

    private func wakeProducer() {
        let ready = waiting
        waiting = []
        for continuation in ready { continuation.resume() }
    }

    /// Gives the library a piece; with nothing to give, the connection is suspended.
    fileprivate func read(into target: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(target.count, pending.count - taken)
        if count > 0 {
            pending.withUnsafeBytes { source in
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[taken..<taken + count]))
            }
            taken += count
            if taken == pending.count {
                pending.removeAll(keepingCapacity: true)
                taken = 0
            } else if taken > Self.enough {
                pending.removeFirst(taken)
                taken = 0
            }
            if pending.count - taken <= Self.enough / 2 { wakeProducer() }
            return count
        }
        switch end {
        case .whole: return microhttpd_stream_ended
        case .broken: return microhttpd_stream_failed
        case nil:
            if loop.isForced { return microhttpd_stream_failed }
            suspension = SuspendedConnection(suspending: handle)
            return 0
        }
    }
}

private func readBody(
    _ context: UnsafeMutableRawPointer?,
    _ position: UInt64,
    _ target: UnsafeMutablePointer<CChar>?,
    _ capacity: Int
) -> Int {
    guard let context, let target else { return microhttpd_stream_failed }
    let body = Unmanaged<StreamedBody>.fromOpaque(context).takeUnretainedValue()
    return body.read(into: UnsafeMutableRawBufferPointer(start: target, count: capacity))
}

private func releaseBody(_ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<StreamedBody>.fromOpaque(context).takeRetainedValue().close()
}
