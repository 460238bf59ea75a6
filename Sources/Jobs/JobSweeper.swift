// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Logging
public import ServiceLifecycle
import Timekeeping

/// Removes jobs that ended long ago, a few at a time, and the store each of them part by part, so that other work is not
/// held up.
public struct JobSweeper: Service {
    private static let most = 20
    private static let pause = Duration.seconds(3600)

    private let queue: JobQueue
    private let retention: Duration
    private let logger: Logger

    /// Makes a sweeper for jobs that ended longer ago than the retention.
    public init(queue: JobQueue, retention: Duration, logger: Logger) {
        self.queue = queue
        self.retention = retention
        self.logger = logger
    }

    /// Sweeps now and every hour until graceful shutdown.
    public func run() async throws {
        while !Task.isShuttingDownGracefully {
            await sweep()
            let next = queue.clock.now() + Self.pause
            do {
                try await cancelWhenGracefulShutdown { [clock = queue.clock] in try await clock.sleep(until: next) }
            } catch {
                return
            }
        }
    }

    /// Removes what is old enough by now.
    public func sweep() async {
        var removed = 0
        do throws(JobStoreError) {
            while !Task.isCancelled {
                let now = queue.clock.now()
                let count = try await queue.store.purge(
                    finishedBefore: now - retention,
                    limit: Self.most,
                    now: now
                )
                removed += count
                if count < Self.most { break }
            }
        } catch {
            logger.error("cannot remove old jobs", metadata: ["error": "\(error)"])
        }
        if removed > 0 { logger.info("removed old jobs", metadata: ["jobs": "\(removed)"]) }
    }
}
