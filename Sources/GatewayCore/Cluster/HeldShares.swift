// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
public import MeterSessions
import Synchronization

/// What this gateway knows of who has which share; asked before each exchange with a meter, and so kept in memory.
///
/// What it holds, it holds until a moment before the other gateways may take it, unless it has been told anew.
public final class HeldShares: LineTenure {
    private struct Content {
        var table = ShareTable()
        var nodes: [NodeRecord] = []
        var held = [Bool](repeating: false, count: ChannelShare.count)
        var until: ContinuousClock.Instant?
    }

    private let content = Mutex(Content())
    private let clock: SessionClock

    /// Holds nothing.
    public init(clock: SessionClock = .continuous) {
        self.clock = clock
    }

    /// Whether exchanges and connections may begin on lines of a share.
    public func holds(_ share: Int) -> Bool {
        let now = clock.now()
        return content.withLock { content in
            guard content.held.indices.contains(share), content.held[share], let until = content.until else {
                return false
            }
            return now < until
        }
    }

    /// Whether each share was held when it was last looked at.
    var held: [Bool] { content.withLock { $0.held } }

    /// Until when anything is held; nil when nothing is.
    var until: ContinuousClock.Instant? { content.withLock { $0.until } }

    /// All gateways, as they were last seen.
    var nodes: [NodeRecord] { content.withLock { $0.nodes } }

    /// Takes over what was seen; gives the shares that were held before and are not any more.
    func update(_ view: NodeView, of me: NodeHolder, until: ContinuousClock.Instant) -> Set<Int> {
        content.withLock { content in
            let before = content.held
            content.table = view.table
            content.nodes = view.nodes
            content.until = until
            content.held = view.table.entries.map { $0.holder == me && !$0.isLeaving }
            return Set(before.indices.filter { before[$0] && !content.held[$0] })
        }
    }

    /// Holds nothing until it is told anew.
    func lapse() {
        content.withLock { content in
            content.held = Array(repeating: false, count: ChannelShare.count)
            content.until = nil
        }
    }

    /// The gateway that has a share, as far as is known; nil when nobody does, or it is on its way.
    func holder(of share: ChannelShare) -> NodeRecord? {
        content.withLock { content in
            guard content.table.entries.indices.contains(share.number),
                !content.table.entries[share.number].isLeaving,
                let holder = content.table.entries[share.number].holder
            else { return nil }
            return content.nodes.first { $0.holder == holder && ($0.state == .live || $0.state == .draining) }
        }
    }

    /// The gateway of this start, if it is there.
    func node(_ holder: NodeHolder) -> NodeRecord? {
        content.withLock { content in
            content.nodes.first { $0.holder == holder && ($0.state == .live || $0.state == .draining) }
        }
    }
}
