// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CLibPQ
import Foundation
import Glibc
import SQLStore
import Synchronization

/// Listens on a connection and a thread of its own, from the first listener until it is closed.
final class NotificationListener: Sendable {
    /// How long the connection is quiet before it is tried.
    private static let quietMilliseconds: Int32 = 15_000
    /// How long to wait before connecting again.
    private static let pauseMilliseconds: Int32 = 500

    private struct Content {
        /// What wakes the thread when written to; nil while there is no thread.
        var wake: Int32?
        var isClosed = false
        var closing: CheckedContinuation<Void, Never>?
    }

    private let settings: PostgreSQLSettings
    private let outage: Outage
    private let hub = NotificationHub()
    private let content = Mutex(Content())

    init(settings: PostgreSQLSettings, outage: Outage) {
        self.settings = settings
        self.outage = outage
    }

    /// A new listener's stream.
    func listen(on channel: String) -> AsyncStream<SQLNotification> {
        hub.listen(on: channel, isCertain: false) { [weak self] in self?.wake() }
    }

    /// Ends all streams and the thread.
    func close() async {
        hub.finish()
        await withCheckedContinuation { continuation in
            let isOver = content.withLock { content in
                content.isClosed = true
                guard let wake = content.wake else { return true }
                content.closing = continuation
                Self.signal(wake)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    /// Has the thread look at the channels that are listened on, and makes it when there is none.
    private func wake() {
        let sleep = content.withLock { content -> Int32? in
            if let wake = content.wake {
                Self.signal(wake)
                return nil
            }
            guard !content.isClosed else { return nil }
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { return nil }
            for end in ends {
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
                _ = fcntl(end, F_SETFL, O_NONBLOCK)
            }
            content.wake = ends[1]
            return ends[0]
        }
        guard let sleep else { return }
        let thread = Thread { self.serve(wokenBy: sleep) }
        thread.name = "postgresql-listen"
        thread.start()
    }

    private func serve(wokenBy sleep: Int32) {
        let session = ServerSession(settings: settings, outage: outage)
        while !content.withLock({ $0.isClosed }) {
            do throws(ServerFailure) {
                try listen(session, wokenBy: sleep)
            } catch {
                session.close()
                Self.wait(for: [sleep], milliseconds: Self.pauseMilliseconds)
            }
        }
        session.close()
        let closing = content.withLock { content in
            Glibc.close(sleep)
            if let wake = content.wake { Glibc.close(wake) }
            content.wake = nil
            defer { content.closing = nil }
            return content.closing
        }
        closing?.resume()
    }

    /// Passes on what comes over one connection, until it is lost or this is closed.
    private func listen(_ session: ServerSession, wokenBy sleep: Int32) throws(ServerFailure) {
        try session.begin("SELECT 1")
        hub.doubt()
        var heard: Set<String> = []
        while !content.withLock({ $0.isClosed }) {
            let wanted = hub.channels
            for channel in wanted.subtracting(heard) { try session.simple("LISTEN \"\(channel)\"") }
            for channel in heard.subtracting(wanted) { try session.simple("UNLISTEN \"\(channel)\"") }
            heard = wanted
            hub.assure(heard)
            try session.receive { channel, payload in hub.post(.message(payload), on: channel) }
            if !Self.wait(for: [sleep, session.socket], milliseconds: Self.quietMilliseconds) {
                // Nothing came for a while: is there still a server?
                try session.simple("SELECT 1")
            }
        }
    }

    /// Waits until one of the descriptors can be read, and empties the first; false when the time was over before.
    @discardableResult
    private static func wait(for descriptors: [Int32], milliseconds: Int32) -> Bool {
        var waits = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let ready = poll(&waits, nfds_t(waits.count), milliseconds)
        var octets = [UInt8](repeating: 0, count: 64)
        while let first = descriptors.first, read(first, &octets, octets.count) > 0 {}
        return ready > 0
    }

    private static func signal(_ wake: Int32) {
        var octet: UInt8 = 1
        // A full pipe wakes the thread as well.
        _ = write(wake, &octet, 1)
    }
}

extension ServerSession {
    /// Gives the messages that have come.
    func receive(_ body: (_ channel: String, _ payload: String) -> Void) throws(ServerFailure) {
        let lost = ServerFailure(state: "", message: "the connection was lost", isConnectionLost: true)
        let handle: OpaquePointer
        do throws(SQLError) {
            handle = try connection()
        } catch {
            throw lost
        }
        guard PQconsumeInput(handle) == 1 else { throw lost }
        while let message = PQnotifies(handle) {
            body(String(cString: message.pointee.relname), String(cString: message.pointee.extra))
            PQfreemem(message)
        }
    }
}
