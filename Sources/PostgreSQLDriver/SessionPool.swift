// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Dispatch
import Foundation
import SQLStore
import Synchronization

/// A bounded number of sessions, each on a thread of its own, which take work from one line.
///
/// A thread is made when there is work and all others are busy. Calls of libpq block, so none runs on the threads that
/// tasks share.
final class SessionPool: Sendable {
    typealias Work = @Sendable (ServerSession) -> Void

    private struct Content {
        var line: [Work] = []
        /// Where the line begins.
        var first = 0
        var threads = 0
        var idle = 0
        var isClosed = false
        var closing: [CheckedContinuation<Void, Never>] = []
    }

    private let settings: PostgreSQLSettings
    private let outage: Outage
    private let content = Mutex(Content())
    private let available = DispatchSemaphore(value: 0)

    init(settings: PostgreSQLSettings, outage: Outage) {
        self.settings = settings
        self.outage = outage
    }

    /// Has work done by the next session that is free.
    ///
    /// - Throws: `SQLError.unavailable` after ``close()``.
    func submit(_ work: @escaping Work) throws(SQLError) {
        let (isClosed, isThreadNeeded) = content.withLock { content -> (Bool, Bool) in
            guard !content.isClosed else { return (true, false) }
            content.line.append(work)
            let waiting = content.line.count - content.first
            let isThreadNeeded = waiting > content.idle && content.threads < settings.connections
            if isThreadNeeded { content.threads += 1 }
            return (false, isThreadNeeded)
        }
        guard !isClosed else { throw .unavailable(reason: "the database was closed") }
        if isThreadNeeded {
            let thread = Thread { self.serve() }
            thread.name = "postgresql"
            thread.start()
        }
        available.signal()
    }

    /// Takes no more work, and returns when all there is has been done and all connections are closed.
    func close() async {
        await withCheckedContinuation { continuation in
            let (threads, isEmpty) = content.withLock { content -> (Int, Bool) in
                content.isClosed = true
                guard content.threads > 0 else { return (0, true) }
                content.closing.append(continuation)
                return (content.threads, false)
            }
            if isEmpty { continuation.resume() }
            // A thread that is woken and finds nothing ends.
            for _ in 0..<threads { available.signal() }
        }
    }

    private func serve() {
        let session = ServerSession(settings: settings, outage: outage)
        while let work = next() { work(session) }
        session.close()
        let closing = content.withLock { content -> [CheckedContinuation<Void, Never>] in
            content.threads -= 1
            guard content.threads == 0 else { return [] }
            defer { content.closing = [] }
            return content.closing
        }
        for continuation in closing { continuation.resume() }
    }

    /// The next work; nil when there will be none.
    private func next() -> Work? {
        while true {
            content.withLock { $0.idle += 1 }
            available.wait()
            let (work, isClosed) = content.withLock { content -> (Work?, Bool) in
                content.idle -= 1
                guard content.first < content.line.count else { return (nil, content.isClosed) }
                let work = content.line[content.first]
                content.first += 1
                if content.first > 64, content.first * 2 > content.line.count {
                    content.line.removeFirst(content.first)
                    content.first = 0
                }
                return (work, false)
            }
            if let work { return work }
            if isClosed { return nil }
        }
    }
}
