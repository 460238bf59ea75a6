// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

internal import NIOCore
internal import NIOPosix

/// The event loops that all connections to meters, and all listeners, share.
public final class MeterNetwork: Sendable {
    let group: MultiThreadedEventLoopGroup
    /// Runs tasks on one of the event loops, next to the meters.
    public let executor: MeterLoopExecutor

    /// Starts the event loops.
    ///
    /// - Parameter threads: one loop runs in each; one serves thousands of meters.
    public init(threads: Int = 1) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: max(threads, 1))
        executor = MeterLoopExecutor(group.next())
    }

    /// Closes what is still open and ends the threads.
    public func shutdown() async {
        // Nothing can be done about a loop that does not stop, and nothing depends on it any more.
        try? await group.shutdownGracefully()
    }
}
