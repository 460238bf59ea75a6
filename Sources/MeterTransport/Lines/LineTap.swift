// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine

/// Watches a line; called on the line's event loop, so it has to be quick.
public protocol LineTap: Sendable {
    /// Something happened on the line.
    func note(_ event: LineEvent, at instant: ContinuousClock.Instant)
}

/// What happens on a line.
public enum LineEvent: Hashable, Sendable {
    /// The line is open.
    case opened
    /// Octets left for the other side, framing of the link included.
    case sent([UInt8])
    /// Octets came from the other side.
    case received([UInt8])
    /// Octets came that nobody waits for, and were dropped: what is left of a connection before.
    case dropped([UInt8])
    /// The line has another speed or another form of characters from now on.
    case formatChanged(LineFormat)
    /// A change was asked for that the medium does not know; what is behind it has its own fixed format.
    case formatIgnored(LineFormat)
    /// The line is closed, by whatever side.
    case closed
}
