// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// Keeps what operators want of the paths to meters; what it returns from a write is durable.
public protocol ChannelControlStore: Sendable {
    /// Keeps what is wanted of a path in place of what was wanted before, and tells all gateways on the database.
    ///
    /// - Parameter wish: nil gives the path free.
    func setChannelControl(_ wish: ChannelControl.Wish?, of path: String) async throws(StoreError)

    /// Everything that is wanted now, by path; without holds whose time is over.
    func channelControls() async throws(StoreError) -> [ChannelControl]
}

/// What an operator wants of a path to meters.
public struct ChannelControl: Hashable, Sendable {
    /// What is wanted.
    public enum Wish: Hashable, Sendable {
        /// No exchange begins until then, for a reason in the operator's words; nil = until the path is given free.
        case held(until: Timestamp?, reason: String?)
        /// Nothing new is taken.
        case draining
    }

    /// What identifies the path, such as `tcp:192.0.2.10:4059`.
    public var path: String
    /// What is wanted of it.
    public var wish: Wish

    /// Makes a control.
    public init(path: String, wish: Wish) {
        self.path = path
        self.wish = wish
    }
}
