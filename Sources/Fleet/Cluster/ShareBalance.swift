// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Who has which share, as one gateway has seen it.
public struct ShareTable: Hashable, Sendable {
    /// One share.
    public struct Entry: Hashable, Sendable {
        /// Who has it; nil when nobody does.
        public var holder: NodeHolder?
        /// Whether its holder gives it back as soon as what it has begun is done.
        public var isLeaving: Bool

        /// Makes an entry, by default of a share that nobody has.
        public init(holder: NodeHolder? = nil, isLeaving: Bool = false) {
            self.holder = holder
            self.isLeaving = isLeaving
        }
    }

    /// The entries by the number of the share.
    public var entries: [Entry]

    /// Makes a table in which nobody has anything.
    public init() {
        entries = Array(repeating: Entry(), count: ChannelShare.count)
    }

    /// Makes a table of as many entries as there are shares.
    public init(entries: [Entry]) {
        self.entries = entries
    }

    /// The shares that a holder has and keeps.
    public func shares(of holder: NodeHolder) -> [ChannelShare] {
        entries.indices.filter { entries[$0].holder == holder && !entries[$0].isLeaving }
            .map(ChannelShare.init(number:))
    }
}

/// What one gateway has to do so that all have about the same; each decides for itself, and no one for all.
public struct ShareBalance: Hashable, Sendable {
    /// Shares to be taken.
    public var taken: [ChannelShare] = []
    /// Shares to be given back in good order.
    public var yielded: [ChannelShare] = []

    /// Decides what a gateway takes and gives back.
    ///
    /// - Parameters:
    ///   - me: the gateway that asks.
    ///   - isDraining: whether it is about to end, and so keeps nothing.
    ///   - live: how many gateways work, this one included, those that drain not.
    ///   - table: who has what.
    ///   - dead: holders that certainly use nothing any more.
    public init(of me: NodeHolder, isDraining: Bool, live: Int, table: ShareTable, dead: Set<NodeHolder>) {
        let own = table.shares(of: me)
        guard !isDraining else {
            yielded = own
            return
        }
        let fair = (ChannelShare.count + max(live, 1) - 1) / max(live, 1)
        if own.count > fair {
            yielded = Array(own.suffix(own.count - fair))
        } else if own.count < fair {
            let free = table.entries.indices.filter { number in
                table.entries[number].holder.map(dead.contains) ?? true
            }
            // Each begins at another place, so that several who take at once seldom want the same.
            let start = free.isEmpty ? 0 : Int(ChannelShare.stir(me.text) % UInt64(free.count))
            taken = (free[start...] + free[..<start]).prefix(fair - own.count).map(ChannelShare.init(number:))
        }
    }
}
