// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import NIOCore

/// Carries out steps one after the other, on the event loop of a connection only.
final class LineStepQueue {
    private let loop: any EventLoop
    private let perform: (LineStep) -> Void
    private var waiting: [LineStep] = []
    private var pause: Scheduled<Void>?
    private var isRunning = false

    /// - Parameter perform: carries out a step other than a pause.
    init(on loop: any EventLoop, perform: @escaping (LineStep) -> Void) {
        self.loop = loop
        self.perform = perform
    }

    func append(_ steps: [LineStep]) {
        waiting += steps
        run()
    }

    /// Forgets what has not happened yet.
    func clear() {
        waiting = []
        pause?.cancel()
        pause = nil
    }

    private func run() {
        guard pause == nil, !isRunning else { return }
        isRunning = true
        defer { isRunning = false }
        while !waiting.isEmpty {
            let step = waiting.removeFirst()
            if case .pause(let time) = step {
                pause = loop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { [weak self] in
                    self?.pause = nil
                    self?.run()
                }
                return
            }
            perform(step)
        }
    }
}
