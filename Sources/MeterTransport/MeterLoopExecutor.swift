// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

internal import NIOCore

/// Runs tasks and actors on an event loop of a ``MeterNetwork``, so that who waits for meters changes no threads.
///
/// To go from the global executor to the event loop and back for each step of a session takes about a third of its CPU
/// time. What runs here must not block, nor compute for long: all meters of the loop wait for it.
public final class MeterLoopExecutor: TaskExecutor, SerialExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    /// Runs a part of a task on the event loop, after what waits there already.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { [self] in
            job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        }
    }

    /// Whether the caller is on the event loop.
    public func isIsolatingCurrentContext() -> Bool? {
        loop.inEventLoop
    }

    /// Traps unless the caller is on the event loop.
    public func checkIsolated() {
        loop.preconditionInEventLoop()
    }
}
