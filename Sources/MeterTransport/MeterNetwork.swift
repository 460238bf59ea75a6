// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// The event loops that all connections to meters, and all listeners, share.
public final class MeterNetwork: Sendable {
    let group: MultiThreadedEventLoopGroup
    /// Runs tasks on one of the event loops, next to the meters.
    public let executor: MeterLoopExecutor
    private let threads = Mutex<NIOThreadPool?>(nil)
    /// The connections of meters that have dialled in.
    public let standing = StandingLines()
    /// Sees to it that each modem has one call at a time.
    let modems = ModemDesk()

    /// Starts the event loops.
    ///
    /// - Parameter threads: one loop runs in each; one serves thousands of meters.
    public init(threads: Int = 1) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: max(threads, 1))
        executor = MeterLoopExecutor(group.next())
    }

    /// The threads for calls that may wait, such as those of serial ports; made when they are needed first.
    var waitingThreads: NIOThreadPool {
        threads.withLock { threads in
            if let threads { return threads }
            let made = NIOThreadPool(numberOfThreads: 2)
            made.start()
            threads = made
            return made
        }
    }

    /// Closes what is still open and ends the threads.
    public func shutdown() async {
        // Nothing can be done about a loop that does not stop, and nothing depends on it any more.
        try? await group.shutdownGracefully()
        try? await threads.withLock { $0 }?.shutdownGracefully()
    }
}
