// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// Keeps what gateways over one database have to know of each other; what it returns from a write is durable.
///
/// Moments are the database's, so that the clocks of the gateways do not matter; durations are measured by each gateway.
public protocol NodeStore: Sendable {
    /// Enters a gateway that starts, with a fence above those of its earlier starts.
    func register(_ node: NodeRegistration) async throws(StoreError) -> NodeRecord

    /// Says that a gateway lives, takes shares that are free, and marks those that it has to give back, as one step.
    ///
    /// - Throws: ``StoreError/preconditionFailed(current:)`` when the gateway was started anew, or removed, meanwhile.
    func beat(_ beat: NodeBeat) async throws(StoreError) -> NodeView

    /// Gives shares back; only those that the holder has.
    func release(_ shares: [ChannelShare], of holder: NodeHolder) async throws(StoreError)

    /// Takes note that a gateway has ended in good order: it has nothing any more.
    func leave(_ holder: NodeHolder) async throws(StoreError)

    /// All gateways there ever were, by name, with what they have.
    func nodes() async throws(StoreError) -> [NodeStanding]

    /// Forgets a gateway that will never come back; false when there is none of that name.
    ///
    /// - Throws: ``StoreError/inUse(by:)`` while it counts as alive.
    func removeNode(_ name: String) async throws(StoreError) -> Bool

    /// A gateway came, went, took shares or gave some back, or a channel was steered, from now on.
    func nodeChanges() -> AsyncStream<Void>

    /// Meters whose configuration anybody changes, from now on; nil = any may have changed.
    func configurationChanges() -> AsyncStream<MeterID?>

    /// The secret by which gateways know each other's requests.
    ///
    /// - Parameter drawn: kept, and returned, if there is none yet.
    func nodeSecret(orKeep drawn: Secret) async throws(StoreError) -> Secret

    /// Takes note that meters have dialled in to a gateway, in place of where they were before.
    func noteCallers(_ meters: [MeterID], at holder: NodeHolder) async throws(StoreError)

    /// Takes note that meters have no connection to a gateway any more.
    func forgetCallers(_ meters: [MeterID], at holder: NodeHolder) async throws(StoreError)

    /// The gateway that a meter has dialled in to; nil when there is none.
    func callerHolder(_ meter: MeterID) async throws(StoreError) -> NodeHolder?

    /// Works out the shares of meters and channels that were stored before there were any; gives how many.
    func completeShares() async throws(StoreError) -> Int
}

/// What a gateway says each time it is heard of.
public struct NodeBeat: Hashable, Sendable {
    /// Who it is.
    public var holder: NodeHolder
    /// For how long it is believed to be alive from now on.
    public var lease: Duration
    /// Whether it is about to end.
    public var isDraining: Bool
    /// Whether it may take what lost gateways had.
    ///
    /// Not right after its own start or silence: when the database was away, all were silent, and all come back.
    public var mayInherit: Bool

    /// Makes a beat.
    public init(holder: NodeHolder, lease: Duration, isDraining: Bool = false, mayInherit: Bool) {
        self.holder = holder
        self.lease = lease
        self.isDraining = isDraining
        self.mayInherit = mayInherit
    }
}

/// What a gateway sees each time it is heard of.
public struct NodeView: Hashable, Sendable {
    /// All gateways, by name.
    public var nodes: [NodeRecord]
    /// Who has which share, after what this gateway took.
    public var table: ShareTable
    /// Shares that this gateway took just now.
    public var taken: [ChannelShare]
    /// Shares that it has to give back; nothing new begins on them.
    public var yielded: [ChannelShare]
    /// Holders that certainly use nothing any more and whose work may be taken up.
    public var dead: Set<NodeHolder>

    /// Makes a view.
    public init(
        nodes: [NodeRecord],
        table: ShareTable,
        taken: [ChannelShare],
        yielded: [ChannelShare],
        dead: Set<NodeHolder>
    ) {
        self.nodes = nodes
        self.table = table
        self.taken = taken
        self.yielded = yielded
        self.dead = dead
    }
}

/// A gateway with what it has.
public struct NodeStanding: Hashable, Sendable {
    /// The gateway.
    public var node: NodeRecord
    /// How many shares it has.
    public var shares: Int
    /// How many meters' lines are in them, those that dialled in to it included.
    public var meters: Int
    /// How many executions of jobs it works on, if that is known.
    public var executions: Int?

    /// Makes a standing.
    public init(node: NodeRecord, shares: Int, meters: Int, executions: Int?) {
        self.node = node
        self.shares = shares
        self.meters = meters
        self.executions = executions
    }
}
