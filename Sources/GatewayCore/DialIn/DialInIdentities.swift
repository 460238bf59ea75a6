// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import MeterTransport
import Synchronization

/// Knows by which identities meters dial in, and has their connections expected.
final class DialInIdentities: Sendable {
    /// Meters and shared channels that dial in under one identity.
    struct Users {
        var meters: Set<MeterID> = []
        var channels: Set<ChannelID> = []
    }

    private struct Content {
        var meters: [MeterID: String] = [:]
        var channels: [ChannelID: String] = [:]
        /// Who has an identity, as connections compare it.
        var users: [String: Users] = [:]
        /// Whether meters are listened for, so that all identities are to be known.
        var isInUse = false
        /// How many meters and channels have an identity.
        var uses: [String: Int] = [:]
    }

    /// How many records are read from the store at once.
    private static let pageLength = 500

    private let lines: StandingLines?
    private let content = Mutex(Content())

    /// - Parameter lines: the connections; nil = meters cannot dial in.
    init(_ lines: StandingLines?) {
        self.lines = lines
    }

    /// A meter was registered, changed, or removed (nil).
    func note(_ id: MeterID, _ configuration: MeterConfiguration?) {
        var identity: String?
        if case .inline(let channel)? = configuration?.channel { identity = channel.path.identity }
        change { content in
            let before = content.meters[id]
            content.meters[id] = identity
            if let before { content.users[StandingLines.key(before)]?.meters.remove(id) }
            if let identity { content.users[StandingLines.key(identity), default: Users()].meters.insert(id) }
            return (before, identity)
        }
    }

    /// A shared channel was made, changed, or removed (nil).
    func note(_ id: ChannelID, _ configuration: ChannelConfiguration?) {
        let identity = configuration?.path.identity
        change { content in
            let before = content.channels[id]
            content.channels[id] = identity
            if let before { content.users[StandingLines.key(before)]?.channels.remove(id) }
            if let identity { content.users[StandingLines.key(identity), default: Users()].channels.insert(id) }
            return (before, identity)
        }
    }

    /// The meters and shared channels that dial in as this, which is compared as connections are.
    func users(of key: String) -> Users {
        content.withLock { $0.users[key] ?? Users() }
    }

    /// Whether meters are listened for.
    var isInUse: Bool { content.withLock { $0.isInUse } }

    /// Reads the identities of all meters and channels there are.
    func load(_ meters: any MeterStore, _ channels: any ChannelStore) async throws(StoreError) {
        guard lines != nil else { return }
        content.withLock { $0.isInUse = true }
        var cursor: String?
        repeat {
            let page = try await channels.channels(after: cursor, limit: Self.pageLength)
            for record in page.items { note(record.id, record.configuration) }
            cursor = page.next
        } while cursor != nil && !Task.isCancelled
        repeat {
            let page = try await meters.meters(matching: MeterQuery(), after: cursor, limit: Self.pageLength)
            for record in page.items { note(record.id, record.configuration) }
            cursor = page.next
        } while cursor != nil && !Task.isCancelled
    }

    private func change(_ change: (inout Content) -> (before: String?, after: String?)) {
        guard let lines else { return }
        let (unused, new) = content.withLock { content -> (String?, String?) in
            let (before, after) = change(&content)
            guard before != after else { return (nil, nil) }
            if let after { content.uses[after, default: 0] += 1 }
            guard let before, let uses = content.uses[before] else { return (nil, after) }
            content.uses[before] = uses > 1 ? uses - 1 : nil
            return (uses > 1 ? nil : before, after)
        }
        if let unused { lines.forget(unused) }
        if let new { lines.expect(new) }
    }
}

extension ChannelConfiguration.Path {
    /// By what a meter is known that dials in.
    fileprivate var identity: String? {
        if case .dialIn(let identity) = self { identity } else { nil }
    }
}
