// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc

/// A line at the bottom of a terminal that shows how far a work is; nothing where standard error is no terminal.
struct ProgressBar {
    private static let width = 40

    private let total: Int
    private let isShown = isatty(STDERR_FILENO) == 1
    private var drawn = -1

    /// Makes a bar for a work of that size, at least 1.
    init(total: Int) {
        self.total = max(total, 1)
    }

    /// Shows that so much is done.
    mutating func advance(to done: Int) {
        let percent = min(done, total) * 100 / total
        guard isShown, percent != drawn else { return }
        drawn = percent
        let filled = Self.width * percent / 100
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
        Self.write("\r[\(bar)] \(percent) %")
    }

    /// Takes the bar away, so that a line can be written in its place.
    mutating func clear() {
        guard isShown, drawn >= 0 else { return }
        drawn = -1
        Self.write("\r\u{1B}[K")
    }

    private static func write(_ text: String) {
        let octets = Array(text.utf8)
        _ = octets.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
