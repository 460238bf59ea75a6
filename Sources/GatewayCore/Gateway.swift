// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import JSONText
public import Jobs
public import MeterTransport
import Synchronization
public import Timekeeping

/// Everything the gateway must not forget, jobs and counters excepted; each part is a protocol of its own.
public typealias GatewayStore = MeterStore & ChannelStore & ChannelControlStore
    & FirmwareStore
    & LearnedQuirkStore
    & PendingSecretStore
    & ReadoutStore & ImportStore
    & MeterGroupStore
    & EventStore & PushStore
    & LedgerStore & ClockSampleStore
    & ReadingStore
    & AuditLog
    & NodeStore
    & WebhookStore
    & ScheduleStore
    & APIKeyStore & BegunRequestStore

/// The use cases of the gateway, free of HTTP: what the API offers is a method here or in an extension.
public final class Gateway: Sendable {
    /// What can be tuned.
    public struct Settings: Hashable, Sendable {
        /// How long register values hold unless the caller wants them younger.
        public var valueAge: Duration
        /// The version that `/metrics` and `/` tell.
        public var version: String
        /// The client's system title where an association has none configured; nil refuses such associations.
        public var systemTitle: SystemTitle?
        /// What keeps orders that switch supply in bounds.
        public var orders: OrderSettings
        /// How long finished jobs are kept.
        public var jobRetention: Duration

        /// Whether rows that are all stored are told from the store unless a caller wants them from the meter.
        public var storedRowsAreFinal: Bool
        /// The name of this gateway among those that share its database.
        public var node: String
        /// Whether schedules may switch supply.
        public var allowsRecurringOrders = false
        /// Whether webhooks may be called without TLS.
        public var allowsPlainWebhooks = false
        /// Of how many meters `/metrics` tells the newest readings; 0 = of none.
        public var metersInMetrics = 0
        /// How many callers may follow streams of events at once.
        public var eventStreams = 200

        /// Makes settings.
        public init(
            valueAge: Duration = .seconds(60),
            version: String = "0.1.0",
            systemTitle: SystemTitle? = nil,
            storedRowsAreFinal: Bool = true,
            orders: OrderSettings = OrderSettings(),
            node: String = "gateway",
            jobRetention: Duration = .seconds(30 * 86_400)
        ) {
            self.orders = orders
            self.jobRetention = jobRetention
            self.valueAge = valueAge
            self.storedRowsAreFinal = storedRowsAreFinal
            self.version = version
            self.systemTitle = systemTitle
            self.node = node
        }
    }

    /// Everything that is counted.
    public let metrics: GatewayMetrics
    /// What was set.
    public let settings: Settings
    /// The time of day.
    public let clock: any WallClock
    /// Background work.
    public let jobs: JobQueue
    /// What happens in the fleet.
    public let events: EventFeed

    /// Places for callers who follow streams of events.
    public let streamSeats: StreamSeats

    /// Hears of schedules that are changed here.
    public let scheduleSignal = ScheduleSignal()

    let store: any GatewayStore
    /// What meters push to; nil when nothing listens for it.
    let pushIntake: PushIntake?
    /// Brings letters to webhooks; nil has no way out.
    let courier: (any WebhookCourier)?
    let access: any MeterAccess
    /// What operators want of channels.
    let controls: ChannelControls
    let custodian: CounterCustodian?
    let exchange: MeterExchange
    let directory: MeterDirectory
    let administration: MeterAdministration
    let objects: ObjectDirectory
    let reader: AttributeReader
    let pushLists: PushLists
    let writer: AttributeWriter
    let invoker: MethodInvoker
    let profileReader: ProfileReader
    let rowsReader: RowsReader
    let readingKeeper: ReadingKeeper
    let storedRows: StoredRowsReader
    /// Meters whose secrets are being replaced or settled right now.
    let secretWork = Mutex<Set<MeterID>>([])
    /// Meters whose supply is being switched right now, from the look at the switch to the one that shows what came of it.
    let switching = Mutex<Set<String>>([])
    /// When it was put together.
    let startedAt: Timestamp
    private let drain = DrainFlag()
    private let place = Mutex<ClusterNode?>(nil)

    /// Puts the use cases together.
    ///
    /// - Parameters:
    ///   - store: where everything is kept.
    ///   - jobs: where background work goes.
    ///   - access: the connection manager.
    ///   - custodian: keeps invocation counters, the same that `access` asks; nil keeps none.
    ///   - pushIntake: where what meters push waits; nil when nothing listens for it.
    ///   - courier: brings letters to webhooks; nil has no way out.
    ///   - settings: what can be tuned.
    ///   - clock: the time of day.
    public init(
        store: any GatewayStore,
        jobs: JobQueue,
        access: any MeterAccess,
        custodian: CounterCustodian? = nil,
        pushIntake: PushIntake? = nil,
        courier: (any WebhookCourier)? = nil,
        settings: Settings = Settings(),
        clock: any WallClock = SystemWallClock()
    ) {
        self.pushIntake = pushIntake
        self.courier = courier
        self.store = store
        self.jobs = jobs
        self.access = access
        controls = ChannelControls(store: store, access: access, clock: clock)
        self.custodian = custodian
        self.settings = settings
        self.clock = clock
        startedAt = clock.now()
        events = EventFeed(store: store, clock: clock)
        streamSeats = StreamSeats(settings.eventStreams)
        metrics = GatewayMetrics(version: settings.version)
        let learning = LearnedQuirkKeeper(store: store, clock: clock)
        let links = LinkNews(feed: events, clock: clock)
        directory = MeterDirectory(
            meters: store,
            channels: store,
            learned: store,
            readouts: store,
            news: links,
            systemTitle: settings.systemTitle
        )
        administration = MeterAdministration(
            meters: store,
            channels: store,
            learned: store,
            directory: directory,
            dialIns: DialInIdentities(access.standingLines)
        )
        exchange = MeterExchange(
            access: access,
            metrics: metrics,
            learning: learning,
            readouts: store,
            clock: clock,
            news: links
        )
        objects = ObjectDirectory(exchange: exchange, clock: clock, metrics: metrics)
        reader = AttributeReader(
            exchange: exchange,
            objects: objects,
            clock: clock,
            metrics: metrics,
            usualAge: settings.valueAge
        )
        readingKeeper = ReadingKeeper(store: store, clock: clock, metrics: metrics, events: events)
        storedRows = StoredRowsReader(store: store, clock: clock)
        pushLists = PushLists(store: store)
        writer = AttributeWriter(
            exchange: exchange,
            reader: reader,
            clock: clock,
            metrics: metrics,
            pushLists: pushLists
        )
        invoker = MethodInvoker(exchange: exchange, objects: objects, clock: clock)
        profileReader = ProfileReader(reader: reader, objects: objects)
        rowsReader = RowsReader(
            exchange: exchange,
            reader: reader,
            profiles: profileReader,
            clock: clock,
            metrics: metrics
        )
        let news = JobNews(feed: events, clock: clock)
        jobs.observe { news.tell($0) }
    }

    /// Makes ``readiness()`` fail from now on, so that no new requests are sent here.
    public func beginDraining() {
        drain.raise()
        var data = JSONObject()
        data["node"] = .string(settings.node)
        events.announce([EventFeed.Draft(.gatewayDraining, data: data)])
        events.endFollowing()
    }

    /// Its place among the gateways that share its database; nil when it has the database to itself.
    public var cluster: ClusterNode? { place.withLock { $0 } }

    /// Takes a place among the gateways that share its database.
    public func join(as node: ClusterNode) {
        place.withLock { $0 = node }
    }

    /// Whether the gateway is shutting down.
    public var isDraining: Bool { drain.isRaised }

    /// The name of the association to use.
    ///
    /// - Throws: ``GatewayError/associationUnknown(_:name:known:)``.
    func association(
        _ wanted: String?,
        for purpose: MeterConfiguration.Purpose,
        _ memory: MeterMemory
    ) throws(GatewayError) -> String {
        let configuration = memory.record.configuration
        if let wanted {
            guard configuration.associations[wanted] != nil else {
                throw .associationUnknown(
                    memory.id,
                    name: wanted,
                    known: configuration.associations.keys.sorted()
                )
            }
            return wanted
        }
        guard let name = configuration.associationName(for: purpose) else {
            // A text meter without password needs none.
            if memory.text != nil { return MeterConfiguration.textAssociation }
            throw .associationUnknown(memory.id, name: "reader", known: [])
        }
        return name
    }
}
