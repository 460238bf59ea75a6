// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import MeterSessions
import Synchronization
import Timekeeping

/// What operators want of channels: kept in the database, and in force at this gateway as it stands there.
final class ChannelControls: Sendable {
    private struct State {
        var turn: UInt64 = 0
        /// What was made of each wish, so that one that stays has the same end whenever it is looked at.
        var known: [ChannelControl: ChannelStatus.Control] = [:]
    }

    private let store: any ChannelControlStore
    private let access: any MeterAccess
    private let clock: any WallClock
    private let state = Mutex(State())

    init(store: any ChannelControlStore, access: any MeterAccess, clock: any WallClock) {
        self.store = store
        self.access = access
        self.clock = clock
    }

    /// Keeps what is wanted of a channel, nil for nothing; in force here when it returns, and soon at the other gateways.
    func set(_ wish: ChannelControl.Wish?, of key: ChannelKey) async throws(StoreError) {
        try await store.setChannelControl(wish, of: key.text)
        try await follow()
    }

    /// Puts in force what the database says.
    func follow() async throws(StoreError) {
        // Of two looks at once the one that began last has seen no less than the other.
        let turn = state.withLock { state in
            state.turn += 1
            return state.turn
        }
        let kept = try await store.channelControls()
        let present = PresentTime(clock)
        let controls = state.withLock { state in
            let known = state.known
            state.known = Dictionary(
                kept.map { ($0, known[$0] ?? $0.wish.control(present)) },
                uniquingKeysWith: { first, _ in first }
            )
            return state.known
        }
        await access.setControls(
            Dictionary(
                controls.map { (ChannelKey($0.key.path), $0.value) },
                uniquingKeysWith: { first, _ in first }
            ),
            turn: turn
        )
    }
}

extension ChannelControl.Wish {
    fileprivate func control(_ present: PresentTime) -> ChannelStatus.Control {
        switch self {
        case .held(let until, let reason): .held(until: until.map(present.instant(of:)), reason: reason)
        case .draining: .draining
        }
    }
}
