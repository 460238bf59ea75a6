// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import NIOCore

/// What changes the format of a line that has one; called on the line's event loop.
protocol LineControl {
    /// Changes the format when everything written has left; fails when the line refuses it.
    func change(to format: LineFormat) -> EventLoopFuture<Void>
    /// Forgets what was received and not handed on yet, and does not wait.
    func flushInput()
}
