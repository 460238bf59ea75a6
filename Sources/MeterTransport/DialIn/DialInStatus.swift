// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Somebody who dialled in and is none of the configured meters.
public struct UnknownCaller: Hashable, Sendable {
    /// The address that the connection comes from, without its port.
    public var address: String
    /// What it sent first, with dots for what cannot be printed; nil when nothing was waited for, or nothing came.
    public var firstLine: String?
    /// Everything that it could be configured by: address, first line, logical device name, system title.
    public var names: [String]
    /// When it connected.
    public var since: ContinuousClock.Instant
}

/// How things stand with a meter that dials in.
public struct StandingStatus: Hashable, Sendable {
    /// Since when its connection stands; nil = it does not.
    public var since: ContinuousClock.Instant?
    /// When its connection was there last; nil = not since the start, or now.
    public var lastSeen: ContinuousClock.Instant?

    /// Whether there is a connection.
    public var isConnected: Bool { since != nil }

    /// Not seen since the start.
    public init() {}
}

/// What became of those who dialled in.
public struct DialInCounters: Hashable, Sendable {
    /// Why a caller was closed who was not identified.
    public enum Refusal: String, CaseIterable, Hashable, Sendable {
        /// There are too many callers.
        case tooMany = "too-many"
        /// It sent something else than the first line that it should.
        case garbage
        /// It sent nothing, did not answer, or left again before it was known.
        case silent
        /// No meter is configured for it.
        case unknown
    }

    /// Connections accepted.
    public var accepted = 0
    /// Connections of configured meters, that stand now.
    public var connected = 0
    /// Connections that are not identified yet.
    public var identifying = 0
    /// Connections that are kept although no meter is configured for them.
    public var unknown = 0
    /// Connections that another of the same meter has replaced.
    public var replaced = 0
    /// Callers that were closed without having been identified.
    public var refused: [Refusal: Int] = [:]

    /// All at zero.
    public init() {}
}
