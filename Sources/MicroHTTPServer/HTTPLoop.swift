// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CMicroHTTPD
import CMicroHTTPDShim
import Glibc
import HTTPKit
import Logging
import Synchronization

/// One thread that serves its share of the connections, and the executor of the tasks that answer their requests.
///
/// Each round waits for the library's descriptor, for jobs from elsewhere or for the tick, runs the library, runs the jobs, and runs
/// the library again if a job resumed a connection. The tick bounds the wait: the library re-arms its listening socket after the
/// connection limit was hit only when it is run.
// Sendable without the compiler's proof: `inbox` is locked, the `let`s are Sendable or only dereferenced on the loop's thread, and
// the `var`s are touched by the loop's thread only, after `start` has handed them over by creating the thread.
final class HTTPLoop: TaskExecutor, @unchecked Sendable {
    private struct Inbox {
        var jobs: [UnownedJob] = []
        var thread: pthread_t?
        var isSignalled = false
        var isToDrain = false
        var grace = Duration.zero
        var isStopped = false
    }

    private static let longestWait: Int32 = 50
    private static let watchInterval = Duration.milliseconds(100)

    /// Who answers requests.
    let responder: any HTTPResponder
    /// What is checked of requests before they are answered.
    let screening: RequestScreening
    /// What the bodies of all loops may have together.
    let bodies: BodyAllowance
    /// Where faults are reported.
    let logger: Logger
    private let inbox = Mutex(Inbox())
    private let wakeUp: Int32
    private let settings: UnsafeMutablePointer<MicroHTTPDSettings>
    private let stopped = StopSignal()
    /// How connections speak TLS; nil when they do not.
    let tls: HTTPServerTLS?
    /// Identities of connections that the library has closed, but may not be done with before its run ends.
    private var leaving: [HTTPServerIdentity] = []

    private var daemon: OpaquePointer?
    /// What a round waits for: the library's descriptor and the wake-up.
    private var descriptors = [pollfd](repeating: pollfd(fd: -1, events: Int16(POLLIN), revents: 0), count: 2)
    private(set) var connections: [HTTPConnection] = []
    private var lastWatch = ContinuousClock.now
    private var drainDeadline: ContinuousClock.Instant?
    /// The time at the beginning of the round.
    private(set) var now = ContinuousClock.now
    /// Requests that the library has told of and is not done with.
    private var openExchanges = 0
    /// A connection was resumed since the library ran last.
    var hasResumed = false
    /// The server is about to stop: connections close after their next answer.
    private(set) var isDraining = false
    /// The grace is over: nothing is waited for any more.
    private(set) var isForced = false

    /// Makes a loop that takes over a listening socket; `start` sets it going.
    init(
        socket: Int32,
        loops: Int,
        limits: HTTPServerLimits,
        tls: HTTPServerTLS? = nil,
        bodies: BodyAllowance,
        responder: any HTTPResponder,
        logger: Logger
    ) throws(MicroHTTPServerError) {
        self.tls = tls
        self.responder = responder
        self.logger = logger
        self.bodies = bodies
        screening = RequestScreening(limits: limits)
        wakeUp = microhttpd_wake_descriptor()
        guard wakeUp >= 0 else { throw .system(call: "eventfd", code: errno) }
        settings = .allocate(capacity: 1)
        settings.initialize(to: MicroHTTPDSettings())
        settings.pointee.listening_socket = socket
        settings.pointee.connection_limit = UInt32(clamping: max(1, (limits.connections + loops - 1) / loops))
        settings.pointee.connections_per_address = UInt32(clamping: limits.connectionsPerAddress)
        settings.pointee.idle_timeout_seconds = UInt32(clamping: max(1, limits.idleTime.components.seconds))
        // A quarter more than the fields that we allow and room for a usual target, so that a head that is too large is mostly
        // refused by us and not by the library; not more, because the library clears all of it after each request. Above 32 KiB it
        // comes from the system and goes back with the connection; below, it would leave holes in the heap that stay ours.
        settings.pointee.memory_per_connection = max(
            max(limits.headerOctets, limits.targetOctets) / 4 * 5 + 4608,
            32 * 1024 + 1
        )
        settings.pointee.on_request = requestProceeds
        settings.pointee.on_completed = requestCompleted
        settings.pointee.on_connection = connectionChanged
        settings.pointee.on_target = targetReceived
        settings.pointee.on_log = libraryLogs
        settings.pointee.uses_tls = tls == nil ? 0 : 1
    }

    deinit {
        close(wakeUp)
        settings.deinitialize(count: 1)
        settings.deallocate()
    }

    /// Starts the library and the thread.
    ///
    /// The thread keeps the loop alive.
    func start() throws(MicroHTTPServerError) {
        settings.pointee.context = Unmanaged.passUnretained(self).toOpaque()
        guard let daemon = microhttpd_start(settings) else { throw .libraryRefused }
        self.daemon = daemon
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(&thread, nil, runLoop, context.toOpaque())
        guard code == 0 else {
            context.release()
            // The listening socket stays with whoever gave it.
            MHD_quiesce_daemon(daemon)
            MHD_stop_daemon(daemon)
            throw .system(call: "pthread_create", code: code)
        }
        pthread_detach(thread)
    }

    /// Stops taking connections, lets requests in flight finish within the grace, then stops.
    func drain(grace: Duration) {
        inbox.withLock { inbox in
            inbox.isToDrain = true
            inbox.grace = grace
            signal(&inbox)
        }
    }

    /// Returns when the loop has stopped; cancelling the caller does not change that.
    func waitUntilStopped() async {
        await stopped.wait()
    }

    // MARK: Executor

    /// Takes a job from any thread.
    func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        let isStopped = inbox.withLock { inbox in
            if inbox.isStopped { return true }
            inbox.jobs.append(unowned)
            signal(&inbox)
            return false
        }
        // A task that outlives the loop goes on elsewhere; its answer is dropped.
        if isStopped { globalConcurrentExecutor.enqueue(unowned) }
    }

    /// One signal per round is enough: the loop takes all jobs at once, and looks for its own before it waits.
    private func signal(_ inbox: inout Inbox) {
        if let thread = inbox.thread, pthread_equal(thread, pthread_self()) != 0 { return }
        guard !inbox.isSignalled else { return }
        inbox.isSignalled = true
        var one: UInt64 = 1
        _ = write(wakeUp, &one, 8)
    }

    private func runJobs() {
        while true {
            let jobs = inbox.withLock { inbox in
                let jobs = inbox.jobs
                inbox.jobs = []
                return jobs
            }
            if jobs.isEmpty { return }
            for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }

    // MARK: Rounds

    /// The life of the thread.
    func run() {
        guard let daemon else { return }
        inbox.withLock { $0.thread = pthread_self() }
        ignoreBrokenPipes()
        descriptors[0].fd = microhttpd_epoll_descriptor(daemon)
        descriptors[1].fd = wakeUp
        while !isDone() {
            wait(daemon)
            now = ContinuousClock.now
            work(daemon)
            if now - lastWatch >= Self.watchInterval {
                lastWatch = now
                watchConnections()
                if hasResumed { work(daemon) }
            }
            drainIfAsked(daemon)
        }
        stop(daemon)
    }

    private func work(_ daemon: OpaquePointer) {
        repeat {
            hasResumed = false
            leaving.removeAll(keepingCapacity: true)
            MHD_run(daemon)
            runJobs()
        } while hasResumed
    }

    private func wait(_ daemon: OpaquePointer) {
        var timeout = Self.longestWait
        var libraryTimeout: UInt64 = 0
        if MHD_get_timeout(daemon, &libraryTimeout) == .YES {
            timeout = min(timeout, Int32(clamping: libraryTimeout))
        }
        if inbox.withLock({ !$0.jobs.isEmpty }) { timeout = 0 }
        let isReady = poll(&descriptors, 2, timeout) > 0
        if isReady, descriptors[1].revents != 0 {
            inbox.withLock { inbox in
                inbox.isSignalled = false
                var count: UInt64 = 0
                _ = read(wakeUp, &count, 8)
            }
        }
    }

    /// The library does not guard every write of its own against a peer that left.
    private func ignoreBrokenPipes() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    // MARK: Stopping

    private func drainIfAsked(_ daemon: OpaquePointer) {
        let grace = inbox.withLock { $0.isToDrain ? $0.grace : nil }
        guard let grace else { return }
        if !isDraining {
            isDraining = true
            drainDeadline = now + grace
            let socket = MHD_quiesce_daemon(daemon)
            if socket >= 0 { close(socket) }
        }
        guard !isForced, let drainDeadline, now >= drainDeadline else { return }
        isForced = true
        // What is told now is still to be sent; a peer that does not take it at once goes without.
        self.drainDeadline = now + .milliseconds(500)
        for connection in connections { connection.exchange?.force() }
        work(daemon)
    }

    private func isDone() -> Bool {
        guard isDraining else { return false }
        if openExchanges == 0 { return true }
        guard isForced, let drainDeadline else { return false }
        return now >= drainDeadline
    }

    private func stop(_ daemon: OpaquePointer) {
        isForced = true
        // The library aborts the process if a connection is suspended when it stops.
        for connection in connections { connection.exchange?.force() }
        work(daemon)
        MHD_stop_daemon(daemon)
        self.daemon = nil
        let left = inbox.withLock { inbox in
            inbox.isStopped = true
            let jobs = inbox.jobs
            inbox.jobs = []
            return jobs
        }
        for job in left { globalConcurrentExecutor.enqueue(job) }
        stopped.signal()
    }

    // MARK: Connections

    /// A connection was accepted.
    func opened(_ connection: HTTPConnection) {
        connection.place = connections.count
        connections.append(connection)
    }

    /// A connection is gone.
    func closed(_ connection: HTTPConnection) {
        if let identity = connection.identity { leaving.append(identity) }
        let last = connections.removeLast()
        if last !== connection {
            connections[connection.place] = last
            last.place = connection.place
        }
    }

    /// A request line was read.
    func began(_ exchange: HTTPExchange) {
        openExchanges += 1
        exchange.connection.exchange = exchange
        switch exchange.connection.activity {
        case .new, .idle: exchange.connection.activity = .receiving(since: now)
        case .receiving, .answering, .cut: break
        }
    }

    /// The library is done with a request.
    func ended(_ exchange: HTTPExchange) {
        openExchanges -= 1
        exchange.ended()
        exchange.connection.exchange = nil
        if case .cut = exchange.connection.activity { return }
        // Not `now`, which is of the round's beginning: in a long round the octets of this request came after that, and
        // would be taken for the beginning of another one.
        exchange.connection.activity = .idle(since: .now)
    }
}
